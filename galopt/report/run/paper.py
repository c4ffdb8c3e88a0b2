"""Ours beside the paper: the headline, whether numbers compare, sections 5.1 and 5.2."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from galopt.evaluation.bootstrap import Interval, bootstrap
from galopt.evaluation.classes import HEADLINE
from galopt.evaluation.diagnostics import collapsed
from galopt.evaluation.kept_results import published_with_galopt
from galopt.evaluation.published import (
    CANDELS_CONSTANT,
    CANDELS_FLOOR,
    MODEL,
    PAPER,
    covered,
    judgement,
)
from galopt.networks import architecture
from galopt.report.figures.floor_to_constant import standing
from galopt.report.figures.run import draw_differences
from galopt.report.html import inline, svg
from galopt.report.run.report_data import ReportData

# Ignat et al. (2016), section 5.2: hardware, what was read, seconds per epoch, said exactly or not.
PAPER_EPOCHS = (
    ("Tesla K20", "rescaled to 45×45, no real-time augmentation", 50, "under "),
    ("Tesla K20", "before rescaling, 454×454", 480, ""),
    ("GeForce GTX 650", "before rescaling, 454×454", 108, ""),
)
PAPER_IMAGES = 19_000

ARMS = ("preprocessing", "brightness", "averaging", "maxout", "all together")
"""Names of the differences of section 5.1 in the table of an ablation."""


def headline(subject: ReportData) -> dict[str, Any]:
    """Return what the head of the page needs."""
    return {
        "scores": HEADLINE if subject.dataset.one_class else None,
        "paper": PAPER,
        "model": MODEL,
        "metrics": subject.metrics,
        "overall": _overall(subject) if subject.metrics else None,
        "judgement": _judgement(subject, subject.metrics) if subject.metrics else None,
    }


def _judgement(subject: ReportData, metrics: dict[str, Any]) -> str:
    answers = (subject.fractions(what) for what in ("voted", "predicted"))
    return judgement(metrics, collapsed(*answers))


def compare(subject: ReportData) -> dict[str, Any] | None:
    """Return how ours and the published results stand between floor and constant."""
    metrics = subject.metrics
    if metrics is None or not subject.like_paper:
        return None
    figure = svg(standing(subject.info["name"], metrics, subject.ours))
    return {
        "metrics": metrics,
        "standing": inline(figure, "standing", _standing(subject, metrics)),
        "covered": _covered(metrics),
        "candels": {"constant": CANDELS_CONSTANT, "floor": CANDELS_FLOOR},
    }


def differences(subject: ReportData) -> dict[str, Any] | None:
    """Return section 5.1: the differences, and what each was worth where it was measured.

    Where no ablation has measured them on this dataset, what came with galopt stands there. None
    on other classes than the paper's that no ablation has measured.
    """
    if not (subject.like_paper or subject.findings.ablation):
        return None
    targets, planes = len(subject.dataset.targets), len(subject.dataset.bands)
    layers = list(architecture.layers(subject.config.network, targets, planes))
    found = subject.findings.ablation
    elsewhere = None if found else published_with_galopt("ablation")
    table = found.table if found else elsewhere.frame if elsewhere else pd.DataFrame({"arm": []})
    arms = table.set_index("arm").to_dict("index")
    return {
        "activations": sorted({layer.activation for layer in layers[:-1]} - {"linear"}),
        "worth": {name: arms[name] for name in ARMS if name in arms},
        "found": found,
        "elsewhere": elsewhere,
        "expected": "test_rmse_expected" in table,
        "figure": None if table.empty else _ablation(table),
        "arms": table.replace({np.nan: None}).to_dict("records"),
    }


def speed(subject: ReportData) -> dict[str, Any] | None:
    """Return section 5.2: seconds per epoch, then and now."""
    if subject.train is None or not subject.like_paper:
        return None
    return {"epochs": list(_epochs(subject, subject.train))}


def _epochs(subject: ReportData, train: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for hardware, what, seconds, about in PAPER_EPOCHS:
        yield {
            "who": "the paper",
            "hardware": hardware,
            "what": what,
            "images": PAPER_IMAGES,
            "seconds": f"{about}{seconds}",
            "rate": f"{'over ' if about else ''}{PAPER_IMAGES / seconds:,.0f}",
        }
    pixels, galaxies = subject.config.network.pixels, subject.config.train.galaxies
    yield {
        "who": subject.ours,
        "hardware": train["hardware"],
        "what": f"{pixels}×{pixels} views, real-time augmentation, {train['precision']}",
        "images": (galaxies or subject.info["counts"]["train"])
        * (1 + subject.config.augment.repeats),
        "seconds": f"{train['epoch_seconds']:.3g}",
        "rate": f"{train['train_images_per_second']:,.0f}",
    }


def _ablation(table: pd.DataFrame) -> str:
    parts = [f"{row.arm} {row.difference:+.4f}" for row in table.iloc[1:].itertuples()]
    words = f"Change of RMSE from {table['arm'].iloc[0]}, with intervals: {', '.join(parts)}."
    return inline(svg(draw_differences(table)), "ablation", words)


def _overall(subject: ReportData) -> Interval:
    """Return the RMSE over all galaxies and targets with its interval."""
    squared = (subject.fractions("voted") - subject.fractions("predicted")) ** 2
    return bootstrap(squared.mean(axis=1, keepdims=True))[0]


def _covered(metrics: dict[str, Any]) -> dict[str, list[float]]:
    """Return how far ours, the paper and its model are from constant (0) to floor (1)."""
    shares = {
        name: sorted(covered(rmse, CANDELS_CONSTANT, floor) for floor in CANDELS_FLOOR)
        for name, rmse in (("paper", PAPER.rmse), ("model", MODEL.rmse))
    }
    constant, floor = metrics["test_rmse_constant"], metrics.get("test_rmse_floor")
    if floor and floor < constant:
        shares["ours"] = [covered(metrics["test_rmse"], constant, floor)]
    return shares


def _standing(subject: ReportData, metrics: dict[str, Any]) -> str:
    floor = metrics.get("test_rmse_floor")
    ours = f"RMSE {metrics['test_rmse']:.3f}, constant {metrics['test_rmse_constant']:.3f}"
    return (
        f"Two lines on one scale of RMSE. {subject.ours.capitalize()}: {ours}, "
        f"{f'floor {floor:.3f}' if floor else 'floor unknown'}. CANDELS: the paper {PAPER.rmse}, "
        f"Huertas-Company {MODEL.rmse}, constant {CANDELS_CONSTANT:.3f}, "
        f"floor {CANDELS_FLOOR[0]} to {CANDELS_FLOOR[1]}."
    )
