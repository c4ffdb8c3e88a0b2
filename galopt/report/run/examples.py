"""Galaxies to look at: examples of each class, the best, the worst, the most uncertain."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from galopt.data.imaging.composite import composite
from galopt.evaluation.diagnostics import entropy
from galopt.report.run.report_data import ReportData

EXAMPLES = 4
SHOWN = 6
LARGEST = 3
"""Fractions that are named beside a galaxy."""


def examples(subject: ReportData) -> dict[str, Any]:
    """Return galaxies with the highest voted fraction of each class."""
    catalog = subject.dataset.catalog
    groups = [
        {
            "name": target,
            "mean": float(catalog[target].mean()),
            "cards": [
                {
                    "id": str(catalog["id"].iloc[row]),
                    "picture": picture(subject, row),
                    "fraction": float(catalog[target].iloc[row]),
                }
                for row in clearest(subject, target)[:EXAMPLES]
            ],
        }
        for target in subject.dataset.targets
    ]
    return {"groups": groups, "votes": "n_votes" in catalog}


def clearest(subject: ReportData, target: str) -> list[int]:
    """Return the rows by voted fraction, the highest first; of equals, by number of votes."""
    catalog = subject.dataset.catalog
    by = [target, *(name for name in ("n_votes", "snr") if name in catalog)]
    return [int(row) for row in catalog.sort_values(by, ascending=False, kind="stable").index]


def gallery(subject: ReportData) -> dict[str, Any] | None:
    """Return the best, worst and most uncertain test galaxies, or all few; None without any."""
    if subject.metrics is None:
        return None
    error = subject.tested["rmse"].to_numpy(float)
    doubt, meaning = _doubt(subject)
    orders = {"best": np.argsort(error), "worst": np.argsort(-error), "doubt": np.argsort(-doubt)}
    orders = {name: order[:SHOWN] for name, order in orders.items()}
    title = "Best, worst and most uncertain"
    if len(error) < len(orders) * SHOWN:  # the three would show the same galaxies
        orders, title = {"all": np.argsort(error)}, "Every test galaxy"
    return {
        "title": title,
        "meaning": meaning,
        "sheets": {
            name: [_card(subject, int(place)) for place in order] for name, order in orders.items()
        },
    }


def saliency(subject: ReportData) -> dict[str, Any] | None:
    """Return the occlusion maps; None where they were not drawn."""
    words = "Galaxies above maps of how far one fraction falls where a patch of them is hidden."
    figure = subject.figure("saliency", words)
    return {"svg": figure} if figure else None


def picture(subject: ReportData, row: int) -> str:
    """Return what the network sees of a galaxy, unturned, as the data URI of a PNG."""
    return _uri(view(subject, row))


def view(subject: ReportData, row: int) -> NDArray[np.uint8]:
    """Return the part of a stamp that the network sees, (P, P) or in colour (P, P, 3)."""
    stamp = subject.images[row]
    edge = round(len(stamp) * (1 - subject.config.network.field) / 2)
    inside = stamp[edge : len(stamp) - edge, edge : len(stamp) - edge]
    return composite(inside, subject.dataset.bands)


def _uri(pixels: NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _doubt(subject: ReportData) -> tuple[NDArray[np.float64], str]:
    """Return how uncertain each prediction is, (N,), and in what sense."""
    spreads = [f"deviation_{name}" for name in subject.dataset.targets]
    if not set(spreads) <= set(subject.tested):
        meaning = "whose predicted fractions are spread most evenly over the classes (entropy)"
        return entropy(subject.fractions("predicted")), meaning
    spread = np.sqrt((subject.tested[spreads].to_numpy(float) ** 2).mean(axis=1))
    if subject.networks > 1:
        return spread, f"about which the {subject.networks} networks disagree most"
    if subject.views > 1:
        return spread, f"about which the {subject.views} views that are averaged disagree most"
    return spread, "of which the network itself is least sure, by the deviation it states"


def _card(subject: ReportData, place: int) -> dict[str, Any]:
    """Return what is shown of the test galaxy at a place of the table of predictions."""
    row = subject.tested.iloc[place]
    voted, predicted = (
        [float(row[f"{what}_{name}"]) for name in subject.dataset.targets]
        for what in ("voted", "predicted")
    )
    largest = np.argsort(-np.maximum(voted, predicted), kind="stable")[:LARGEST]
    return {
        "id": str(row["id"]),
        "picture": picture(subject, int(subject.tested.index[place])),
        "rmse": float(row["rmse"]),
        "fractions": [
            (subject.dataset.targets[number], voted[number], predicted[number])
            for number in largest
        ],
    }
