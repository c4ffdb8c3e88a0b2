"""Where a run and the published results stand between their own floor and constant."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from galopt.evaluation.published import CANDELS_CONSTANT, CANDELS_FLOOR, MODEL, PAPER

OURS, THEIRS, QUIET = "#1f77b4", "#d62728", "#8a8a8a"


def standing(name: str, metrics: dict[str, Any], ours: str = "this run") -> Figure:
    """Two surveys on one scale: each with its floor, its constant and what was reached.

    Parameters
    ----------
    name : str
        The survey of the run.
    metrics : dict
        `galopt.evaluation.evaluate.Evaluation.metrics`.
    ours : str
        What the run is called.
    """
    figure = Figure(figsize=(6, 3), layout="constrained")  # narrow: it must fit on a phone
    axes = figure.subplots()
    floor = metrics.get("test_rmse_floor")
    constant = metrics["test_rmse_constant"]
    _rail(axes, 1, (floor, floor) if floor else None, constant)
    _mark(axes, 1, metrics["test_rmse"], ours, OURS)
    _rail(axes, 0, CANDELS_FLOOR, CANDELS_CONSTANT)
    _mark(axes, 0, PAPER.rmse, "the paper", THEIRS)
    _mark(axes, 0, MODEL.rmse, "Huertas-Company", THEIRS)
    for y, survey in ((1, name), (0, "CANDELS GOODS-S, if normalised")):
        at = (0, y), (0, 25)
        axes.annotate(survey, *at, ("axes fraction", "data"), "offset points", weight="bold")
    axes.set(ylim=(-0.45, 1.6), yticks=[], xlabel="RMSE of vote fractions (lower is better)")
    axes.margins(x=0.15)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def _rail(axes: Axes, y: float, floor: tuple[float, float] | None, constant: float) -> None:
    axes.plot([floor[0] if floor else constant, constant], [y, y], color=QUIET, lw=2)
    axes.plot(constant, y, "|", ms=14, mew=2, color=QUIET)
    axes.annotate("constant", (constant, y), (0, -18), textcoords="offset points", ha="center")
    if floor:
        axes.plot(floor, [y, y], color=QUIET, lw=9, solid_capstyle="butt")
        axes.plot(floor, [y, y], "|", ms=14, mew=2, color=QUIET)
        centre = (sum(floor) / 2, y)
        axes.annotate("floor", centre, (0, -18), textcoords="offset points", ha="center")


def _mark(axes: Axes, y: float, rmse: float, label: str, colour: str) -> None:
    axes.plot(rmse, y, "o", ms=9, color=colour)
    text = f"{label} {rmse:.4g}"
    axes.annotate(text, (rmse, y), (0, 9), textcoords="offset points", ha="center")
