"""The report's charts, drawn from tables: calibration, errors by brightness, importances."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

OURS, QUIET = "#1f77b4", "#8a8a8a"


def draw_reliability(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Mean vote against predicted fraction, one panel per target.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `galopt.evaluation.diagnostics.reliability` of each target.
    """
    columns = min(5, len(tables))
    rows = -(-len(tables) // columns)
    figure = Figure(figsize=(2.3 * columns + 0.4, 2.6 * rows + 0.3), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (target, table) in zip(panels, tables.items(), strict=False):
        axes.plot([0, 1], [0, 1], color=QUIET, lw=1)
        reach = [table["voted"] - table["low"], table["high"] - table["voted"]]
        axes.errorbar(table["predicted"], table["voted"], yerr=reach, fmt="o-", ms=4, lw=1)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_title(target.replace("_", " "), fontsize=9)
        axes.set_aspect("equal")
    for axes in panels[len(tables) :]:
        axes.remove()
    figure.supxlabel("predicted fraction", fontsize=10)
    figure.supylabel("mean voted fraction", fontsize=10)
    return figure


def draw_errors(panels: Sequence[tuple[str, bool, pd.DataFrame, pd.DataFrame]]) -> Figure:
    """RMSE against what the galaxies look like, beside the constant predictor's.

    Parameters
    ----------
    panels : sequence of (label, logarithmic, ours, constant)
        The tables are `galopt.evaluation.diagnostics.rmse_by`.
    """
    figure = Figure(figsize=(3.3 * len(panels) + 0.4, 3.1), layout="constrained")
    shown = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (label, logarithmic, ours, constant) in zip(shown, panels, strict=True):
        reach = [ours["rmse"] - ours["low"], ours["high"] - ours["rmse"]]
        axes.errorbar(
            ours["quantity"], ours["rmse"], yerr=reach, fmt="o-", ms=4, color=OURS, label="ours"
        )
        axes.plot(
            constant["quantity"], constant["rmse"], "--", color=QUIET, label="constant predictor"
        )
        axes.set(xlabel=label, xscale="log" if logarithmic else "linear")
        if logarithmic:
            _plain_ticks(axes)
    shown[0].set_ylabel("RMSE")
    shown[0].set_ylim(bottom=0)
    shown[0].legend(frameon=False, fontsize=8)
    return figure


def draw_importances(table: pd.DataFrame) -> Figure:
    """Bars of how much each parameter of a search matters, the first on top.

    Parameters
    ----------
    table : DataFrame
        ``parameter`` and ``importance``, in [0, 1].
    """
    figure = Figure(figsize=(7, 0.8 + 0.28 * len(table)), layout="constrained")
    axes = figure.subplots()
    axes.barh(table["parameter"], table["importance"], color=OURS)
    axes.invert_yaxis()
    axes.set(xlabel="importance for being among the best trials")
    return figure


def _plain_ticks(axes: Axes) -> None:
    """Label a logarithmic axis at 1, 2 and 5 with plain numbers."""
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
