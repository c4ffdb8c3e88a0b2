"""Class by class: RMSE with intervals, calibration, confusion, errors by brightness and size."""

from typing import Any

import numpy as np

from galopt.data.question_groups import questions_of
from galopt.evaluation.bootstrap import Interval, bootstrap
from galopt.evaluation.classes import class_scores
from galopt.evaluation.diagnostics import (
    calibration_error,
    classify,
    confusion,
    reliability,
    rmse_by,
)
from galopt.report.figures.diagnostics import draw_errors, draw_reliability
from galopt.report.figures.run import BINS
from galopt.report.html import inline, svg
from galopt.report.run.report_data import ReportData

# Columns of the catalogue that galaxies are sorted by: what an axis says, and whether it is
# logarithmic.
QUANTITIES = {
    "mag": ("magnitude, AB", False),
    "r50": ("half-light radius, arcsec", True),
    "snr": ("signal to noise", True),
}


def classes(subject: ReportData) -> dict[str, Any] | None:
    """Return what the section shows; None without test galaxies."""
    if subject.metrics is None:
        return None
    voted, predicted = subject.fractions("voted"), subject.fractions("predicted")
    return {
        "metrics": subject.metrics,
        "scores": _scores(subject, voted, predicted),
        "rows": _rows(subject, voted, predicted),
        "questions": _questions(subject.metrics, subject.dataset.targets),
        "separate": _separate(subject),
        "predicted": subject.figure(
            "predicted",
            "Predicted against voted fraction of every test galaxy, one panel per class.",
        ),
        "binned": any(
            len(reliability(*pair, BINS)) for pair in zip(voted.T, predicted.T, strict=True)
        ),
        "reliability": _reliability(subject, voted, predicted),
        "confusion": _confusion(subject, voted, predicted),
        "errors": _errors(subject, voted, predicted),
    }


def _scores(subject: ReportData, voted: Any, predicted: Any) -> dict[str, Interval] | None:
    """Return the measures of a classification; None of fractions of votes."""
    if not subject.dataset.one_class:
        return None
    return class_scores(voted.argmax(axis=1), predicted.argmax(axis=1), subject.dataset.targets)


def _rows(subject: ReportData, voted: Any, predicted: Any) -> list[tuple[str, Interval]]:
    """Return each target's RMSE with its interval, and that of all."""
    squared = (voted - predicted) ** 2
    columns = np.column_stack([squared, squared.mean(axis=1)])
    return list(zip([*subject.dataset.targets, "overall"], bootstrap(columns), strict=True))


def _questions(metrics: dict[str, Any], targets: list[str]) -> list[tuple[str, int, float, float]]:
    """Return each question's name, number of answers, RMSE and constant; none of only one."""
    return [
        (name, len(answers), metrics[f"test_rmse_{name}"], metrics[f"test_rmse_constant_{name}"])
        for name, answers in questions_of(targets).items()
        if f"test_rmse_constant_{name}" in metrics
    ]


def _separate(subject: ReportData) -> bool:
    """Whether votes that sum to one are predicted each by itself, as the paper does."""
    targets = subject.dataset.targets
    shares = subject.info["fractions"] == "normalised" and len(targets) > 1
    one_question = len(questions_of(targets)) == 1
    return shares and one_question and subject.config.network.output == "sigmoid"


def _reliability(subject: ReportData, voted: Any, predicted: Any) -> dict[str, Any]:
    targets = subject.dataset.targets
    columns = list(zip(targets, voted.T, predicted.T, strict=True))
    errors = {name: calibration_error(y, p) for name, y, p in columns}
    tables = {name: reliability(y, p) for name, y, p in columns}
    if max(map(len, tables.values())) < 2:
        return {"svg": None, "errors": errors}
    worst = max(errors, key=lambda name: errors[name])
    words = (
        f"Reliability diagram, one panel per class. On average the mean vote misses the predicted "
        f"fraction by {np.mean(list(errors.values())):.3f}; most for "
        f"{worst.replace('_', ' ')}, {errors[worst]:.3f}."
    )
    return {"svg": inline(svg(draw_reliability(tables)), "reliability", words), "errors": errors}


def _confusion(subject: ReportData, voted: Any, predicted: Any) -> dict[str, Any]:
    """Return the counts, their shares of each row, and whether the published cuts were used."""
    targets = subject.dataset.targets
    counts = confusion(voted, predicted, targets)
    values = counts.to_numpy()
    totals = values.sum(axis=1, keepdims=True)
    shares = np.divide(values, totals, out=np.zeros(values.shape), where=totals > 0)
    rows = zip(counts.index, values.tolist(), shares.tolist(), strict=True)
    return {
        "names": list(counts.columns),
        "rows": [(name, list(zip(*cells, strict=True))) for name, *cells in rows],
        "agree": float(np.trace(values) / values.sum()),
        "cuts": classify(voted, targets, subject.dataset.one_class)[2],
    }


def _errors(subject: ReportData, voted: Any, predicted: Any) -> dict[str, Any] | None:
    """Return the figure of RMSE against brightness and size; None where none is known."""
    training = subject.dataset.split("train").fractions.mean(axis=0)
    ours, constant = (((voted - other) ** 2).mean(axis=1) for other in (predicted, training))
    panels, words = [], []
    for name, (label, logarithmic) in QUANTITIES.items():
        if name not in subject.tested:
            continue
        quantity = subject.tested[name].to_numpy(float)
        table = rmse_by(ours, quantity)
        if len(table) < 2:
            continue
        panels.append((label, logarithmic, table, rmse_by(constant, quantity)))
        first, last = table.iloc[0], table.iloc[-1]
        words.append(
            f"{label}: {first['rmse']:.3f} at {first['quantity']:.3g}, "
            f"{last['rmse']:.3f} at {last['quantity']:.3g}"
        )
    if not panels:
        return None
    alternative = f"RMSE against brightness and size. {'; '.join(words)}."
    return {
        "svg": inline(svg(draw_errors(panels)), "errors", alternative),
        "names": [label for label, *_ in panels],
    }
