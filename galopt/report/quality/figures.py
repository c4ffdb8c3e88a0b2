"""Figures of a dataset: its votes, and what its splits share."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from galopt.data.quality.votes import MEASURED
from galopt.data.splits import SPLITS

COLOURS = dict(zip(SPLITS, ("#1f77b4", "#e08214", "#2ca02c"), strict=True))
STYLES = dict(zip(SPLITS, ("-", "--", ":"), strict=True))


def vote_histograms(catalog: pd.DataFrame, targets: list[str]) -> Figure:
    """Share of the galaxies in bins of each target's vote fraction, split by split."""
    columns = min(5, len(targets))
    rows = -(-len(targets) // columns)
    figure = Figure(figsize=(2.3 * columns, 2.2 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    bins = np.linspace(0, 1, 11)
    for axes, target in zip(panels, targets, strict=False):
        _outlines(axes, catalog, target, bins)
        axes.set_title(target.replace("_", " "), fontsize=9)
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1])
    for axes in panels[len(targets) :]:
        axes.remove()
    figure.supxlabel("vote fraction", fontsize=9)
    figure.supylabel("share of galaxies", fontsize=9)
    _legend(figure)
    return figure


def measured_histograms(catalog: pd.DataFrame) -> Figure | None:
    """Share of the galaxies in bins of what was measured on them; None if nothing was."""
    known = [name for name in MEASURED if name in catalog and catalog[name].notna().any()]
    if not known:
        return None
    figure = Figure(figsize=(3.4 * len(known), 2.8), layout="constrained")
    panels = figure.subplots(1, len(known), squeeze=False).ravel()
    for axes, name in zip(panels, known, strict=True):
        values = catalog[name][np.isfinite(catalog[name])]
        low, high = np.percentile(values, [0.5, 99.5])
        if name == "mag":
            bins = np.linspace(low, high, 25)
        else:
            bins = np.geomspace(max(low, 1e-3 * high), high, 25)
            axes.set_xscale("log")
        _outlines(axes, catalog, name, bins)
        axes.set_xlabel(MEASURED[name], fontsize=9)
    panels[0].set_ylabel("share of galaxies", fontsize=9)
    _legend(figure)
    return figure


def _outlines(axes, catalog: pd.DataFrame, column: str, bins: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    for split in SPLITS:
        values = catalog.loc[catalog.split == split, column].to_numpy(float)
        number, _ = np.histogram(values[np.isfinite(values)], bins)
        share = number / max(number.sum(), 1)
        axes.stairs(share, bins, color=COLOURS[split], ls=STYLES[split], lw=1.4, label=split)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=9
    )
