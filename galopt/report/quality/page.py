"""The findings as one self-contained HTML page."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from galopt.data.quality import Quality, stamps_of, votes
from galopt.data.quality.finding import SHOWN, Finding
from galopt.data.splits import SPLITS
from galopt.files import atomic_file
from galopt.paths import SURVEY
from galopt.report.html import inline, svg, templates
from galopt.report.quality.figures import measured_histograms, vote_histograms
from galopt.report.quality.rejects import pictures

CHECKED = (
    "every fraction lies in [0, 1] and the fractions of a galaxy sum as promised",
    "each galaxy was judged by enough people for its votes to be more than noise",
    "no galaxy, and no identical or nearly identical image, is in two splits",
    "the splits share their magnitudes, sizes, S/N, voters and votes",
    "no stamp is blank, saturated, cut off or without signal",
)


def write(quality: Quality, path: Path, survey: Path = SURVEY) -> None:
    """Write the page; `survey` is where rejected images are looked for."""
    html = page(quality, survey)
    with atomic_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def page(quality: Quality, survey: Path = SURVEY) -> str:
    """Return the page as HTML text that needs nothing beside it."""
    dataset = quality.dataset
    catalog, targets = dataset.catalog, dataset.targets
    return (
        templates()
        .get_template("quality.html.j2")
        .render(
            info=dataset.info,
            quality=quality,
            findings=[_shown(quality, finding) for finding in quality.findings],
            rejected=_rejected(quality, survey),
            reasons=quality.rejected.reason.value_counts().to_dict(),
            splits=SPLITS,
            constant=votes.constant_rmse(catalog, targets),
            voters=_voters(quality),
            balance=votes.balance(catalog, targets).to_dict("records"),
            compared=votes.compared(catalog, targets).to_dict("records"),
            figures=_figures(quality),
            checked=CHECKED,
            measured=votes.MEASURED,
        )
    )


def _shown(quality: Quality, finding: Finding) -> dict[str, Any]:
    stamps = finding.stamps.head(SHOWN)
    images = stamps_of(quality, stamps.row.to_numpy(int))
    ids = quality.dataset.catalog.id.to_numpy()
    return {
        "level": finding.level,
        "title": finding.title,
        "advice": finding.advice,
        "total": len(finding.stamps),
        "stamps": [
            {"id": ids[row], "why": why, "uri": data_uri(image)}
            for row, why, image in zip(stamps.row, stamps.why, images, strict=True)
        ],
    }


def _rejected(quality: Quality, survey: Path) -> list[dict[str, Any]]:
    shown = pictures(quality.rejected, survey)
    return [
        {"id": row.id, "why": row.reason, "uri": None if image is None else data_uri(image)}
        for row, image in zip(quality.rejected.itertuples(), shown, strict=True)
    ]


def _voters(quality: Quality) -> dict[str, float] | None:
    if "n_votes" not in quality.dataset.catalog:
        return None
    number = quality.dataset.catalog.n_votes
    return {"low": number.min(), "median": number.median(), "high": number.max()}


def _figures(quality: Quality) -> dict[str, str]:
    catalog, targets = quality.dataset.catalog, quality.dataset.targets
    drawn = {
        "votes": inline(
            svg(vote_histograms(catalog, targets)),
            "votes",
            "Histograms of the vote fractions of each target in the three splits; the table "
            "below holds their means and shares of exact zeros and ones.",
        )
    }
    measured = measured_histograms(catalog)
    if measured is not None:
        drawn["measured"] = inline(
            svg(measured),
            "measured",
            "Histograms of magnitude, size and signal-to-noise ratio in the three splits; the "
            "table below compares them.",
        )
    return drawn


def data_uri(image: NDArray[np.uint8]) -> str:
    """Return an image as a JPEG inside a URI."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(stream, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
