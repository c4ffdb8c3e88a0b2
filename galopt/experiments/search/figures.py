"""The study's figures: interactive pages that work offline, and images of the same."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from optuna import visualization
from optuna.visualization import matplotlib as pictures

from galopt.experiments.search.results import complete, error_name, objectives

ENOUGH = 2
"""Complete trials that a figure of parameters needs."""
BEST = "#d62728"
PARALLEL = "parallel_coordinates"
SHOWN = 4
"""Parameters in the contour, whose panels are their square; the slices show twice as many."""


def draw(study: optuna.Study, folder: Path) -> list[Path]:
    """Draw a study.

    Parameters
    ----------
    study : optuna.Study
    folder : path
        Where `<name>.html` and `<name>.png` go.

    Returns
    -------
    list of path
        The files; without those for which there are too few trials.
    """
    files = []
    with matplotlib.rc_context({"backend": "Agg"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's notes on plots that it calls experimental
        for name, (function, options) in _figures(study).items():
            page, picture = folder / f"{name}.html", folder / f"{name}.png"
            interactive = getattr(visualization, function)(study, **options)
            if name == PARALLEL:
                _stress_best_trace(interactive)
            interactive.write_html(page, include_plotlyjs=True)
            _save(getattr(pictures, function), study, options, picture, best=name == PARALLEL)
            files += [page, picture]
    return files


def _figures(study: optuna.Study) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the figures that can be drawn: Optuna's function and its options, by name."""
    figures: dict[str, tuple[str, dict[str, Any]]] = {"timeline": ("plot_timeline", {})}
    found = complete(study)
    if not found:
        return figures
    several = len(study.directions) > 1
    target: dict[str, Any] = {"target": _error} if several else {}
    named = {**target, "target_name": error_name(study)}
    figures["history"] = ("plot_optimization_history", named)
    if several:
        figures["pareto"] = ("plot_pareto_front", {"target_names": objectives(study)})
    else:
        figures["intermediate"] = ("plot_intermediate_values", {})
    if len(found) >= ENOUGH:
        shared = set.intersection(*(set(trial.params) for trial in found))
        important = _important(study, target, shared)
        figures["importances"] = ("plot_param_importances", {**named, "params": sorted(shared)})
        most = {**named, "params": important[: 2 * SHOWN]}
        if important:
            figures["slices"] = ("plot_slice", most)
        if len(important) > 1:
            figures[PARALLEL] = ("plot_parallel_coordinate", most)
            figures["contour"] = ("plot_contour", {**named, "params": important[:SHOWN]})
    return figures


def _important(study: optuna.Study, target: dict[str, Any], shared: set[str]) -> list[str]:
    """Return the parameters of all trials that vary, the most important first."""
    varied = {name for name in shared if len({trial.params[name] for trial in complete(study)}) > 1}
    ranked = optuna.importance.get_param_importances(study, params=sorted(shared), **target)
    return [name for name in ranked if name in varied]


def importances(study: optuna.Study) -> pd.DataFrame:
    """Return how much each parameter that all complete trials have matters, the most first.

    Returns
    -------
    DataFrame
        ``parameter`` and ``importance`` for being among the best trials: PED-ANOVA, Watanabe,
        Bansal & Hutter (2023). Empty if there are too few trials.
    """
    found, ranked = complete(study), {}
    if len(found) >= ENOUGH:
        shared = set.intersection(*(set(trial.params) for trial in found))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target = _error if len(study.directions) > 1 else None
            ranked = optuna.importance.get_param_importances(
                study, params=sorted(shared), target=target
            )
    return pd.DataFrame(ranked.items(), columns=["parameter", "importance"])


def _error(trial: optuna.trial.FrozenTrial) -> float:
    return trial.values[0]


def _save(
    plot: Callable[..., Any],
    study: optuna.Study,
    options: dict[str, Any],
    path: Path,
    best: bool = False,
) -> None:
    import matplotlib.pyplot as plt  # here, for it is slow to load and a search may draw nothing

    plot(study, **options)
    figure = plt.gcf()
    for axes in figure.axes:
        if best:
            _stress_best_line(axes)
        axes.set_xlabel(_broken(axes.get_xlabel()))
        axes.set_ylabel(_broken(axes.get_ylabel()))
    corners = [axes.get_position() for axes in figure.axes if axes.get_label() != "<colorbar>"]
    columns, rows = (len({round(getattr(at, side), 2) for at in corners}) for side in ("x0", "y0"))
    figure.set_size_inches(max(10, 3 * columns), max(6, 3 * rows))
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def _stress_best_line(axes: Axes) -> None:
    """Draw the best trial again over the lines of all trials, where there are such."""
    for lines in axes.collections:
        if isinstance(lines, LineCollection) and len(lines.get_segments()):
            best = min(lines.get_segments(), key=lambda points: points[0, 1])
            axes.plot(*best.T, color=BEST, lw=3, label="the best trial")
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)


def _stress_best_trace(figure: Any) -> None:
    """Draw the best trial of an interactive page thick and red."""
    traces = [trace for trace in figure.data if trace.mode == "lines"]
    best = min(traces, key=lambda trace: trace.y[0])
    best.update(line={"color": BEST, "width": 4}, opacity=1)


def _broken(label: str) -> str:
    """Break a parameter's name after its section, so that names of panels do not meet."""
    return label.replace(".", ".\n", 1)
