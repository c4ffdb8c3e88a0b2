"""The images of a run: matplotlib figures, made without a display."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from galopt.data.dataset import Dataset
from galopt.data.imaging.bands import GREY
from galopt.data.imaging.composite import composites
from galopt.data.survey.votes import papers_classes
from galopt.evaluation.diagnostics import reliability
from galopt.evaluation.evaluate import constant_rmse
from galopt.evaluation.occlusion import most_confident, occlusion_maps
from galopt.evaluation.published import MODEL, PAPER
from galopt.metrics import rmse_per_galaxy
from galopt.report.html import svg

if TYPE_CHECKING:  # they load Keras, which drawing does not need
    import keras

    from galopt.evaluation.evaluate import Evaluation
    from galopt.training.train import TrainResult

TRAIN, VALIDATION, QUIET = "#7f7f7f", "#1f77b4", "#b0b0b0"
LEAST = 0.1
"""Change of a fraction that has the full colour of an occlusion map, at least: less is noise."""
BINS = 8
"""Bins of the prediction whose means are drawn over the points."""
MANY = 500
"""Points above which they are drawn as one image, so that pages with them stay light."""


def learning_curve(
    history: Sequence[dict[str, float]],
    floor: float | None,
    constant: float | None = None,
    published: bool = True,
) -> Figure:
    """RMSE by epoch, as figure 6 of Ignat et al. (2016).

    Parameters
    ----------
    history : sequence of dict
        ``train_rmse`` and ``val_rmse`` of each epoch.
    floor, constant : float, optional
        RMSE of a perfect predictor and of the constant one, drawn as lines.
    published : bool
        Draw the published results as lines too.
    """
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    epochs = np.arange(1, len(history) + 1)
    for name, colour, label in (
        ("train_rmse", TRAIN, "training galaxies"),
        ("val_rmse", VALIDATION, "validation galaxies"),
    ):
        values = [epoch[name] for epoch in history]
        axes.plot(epochs, values, "o-", ms=5 if len(history) == 1 else 2, color=colour, label=label)
    for result, style in ((PAPER, "--"), (MODEL, ":")) if published else ():
        axes.axhline(
            result.rmse, color="#d62728", ls=style, lw=1, label=f"{result.name}, on CANDELS"
        )
    if floor is not None:
        axes.axhline(floor, color="#2ca02c", lw=1, label="vote-noise floor of this survey")
    if constant is not None:
        axes.axhline(constant, color=QUIET, lw=1, label="always answering the mean")
    axes.set(xlabel="epoch", ylabel="RMSE of vote fractions", xlim=(0.5, len(history) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8)
    return figure


def predicted_against_voted(evaluation: "Evaluation") -> Figure:
    """Predicted against voted fraction of each target, with means in bins of the prediction."""
    targets = evaluation.targets
    columns = min(5, len(targets))
    rows = -(-len(targets) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.8 * rows), layout="constrained", dpi=200)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for number, (axes, target) in enumerate(zip(panels, targets, strict=False)):
        voted, predicted = evaluation.split.fractions[:, number], evaluation.predicted[:, number]
        crowd = {"rasterized": len(voted) > MANY}
        axes.plot(voted, predicted, ".", ms=3, alpha=0.35, color=VALIDATION, **crowd)
        axes.plot([0, 1], [0, 1], color=QUIET, lw=1)
        means = reliability(voted, predicted, BINS)
        axes.plot(means["voted"], means["predicted"], "o-", ms=3, color="#d62728", lw=1)
        error = evaluation.metrics[f"test_rmse_{target}"]
        axes.set_title(f"{target.replace('_', ' ')}\nRMSE {error:.3f}", fontsize=9)
        axes.set_aspect("equal")
    for axes in panels[len(targets) :]:
        axes.remove()
    figure.supxlabel("voted fraction")
    figure.supylabel("predicted fraction")
    return figure


def stamp_sheet(
    images: NDArray[Any], titles: Sequence[str], columns: int = 8, heading: str = ""
) -> Figure:
    """Stamps on a grid, each with a line or two beneath.

    Parameters
    ----------
    images : array, shape (N, P, P) or (N, P, P, 3)
        Images; a sheet of grey ones has one scale, from its lowest to its highest pixel.
    titles : sequence of str
        One per image.
    columns : int
        Images in a row.
    heading : str
        Title of the sheet.
    """
    rows = -(-len(images) // columns)
    lines = max(len(title.splitlines()) for title in titles)
    figure = Figure(
        figsize=(1.9 * columns, (1.9 + 0.15 * lines) * rows + 0.4), layout="constrained"
    )
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    low, high = np.min(images), np.max(images)
    for axes, image, title in zip(panels, images, titles, strict=False):
        axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        axes.set_xlabel(title, fontsize=6.5)
    for axes in panels:
        axes.set(xticks=[], yticks=[])
    for axes in panels[len(images) :]:
        axes.remove()
    if heading:
        figure.suptitle(heading, fontsize=12)
    return figure


def augmented_views(
    model: Any, stamps: NDArray[np.uint8], bands: Sequence[str] = GREY, views: int = 7
) -> Figure:
    """Show what the network sees of a few galaxies: the central view, then random ones.

    Parameters
    ----------
    model : keras.Model
        With a layer named ``view``.
    stamps : array, shape (N, S, S, C), uint8
    bands : sequence of str
        Their planes.
    views : int
        Random views of each galaxy.
    """
    layer = model.get_layer("view")
    repeated = np.repeat(np.asarray(stamps), views, axis=0)
    central = np.asarray(layer(np.asarray(stamps)), np.float32)[..., : len(bands)]
    random = np.asarray(layer(repeated, training=True), np.float32)[..., : len(bands)]
    random = random.reshape(len(stamps), views, *central.shape[1:])
    sheet = np.concatenate([central[:, None], random], axis=1)
    seen = _drawable(sheet.reshape(-1, *central.shape[1:]), layer, bands)
    heading = "Training galaxies as seen: the central view, then random ones"
    return stamp_sheet(seen, [""] * len(seen), views + 1, heading)


def _drawable(seen: NDArray[np.float32], layer: Any, bands: Sequence[str]) -> NDArray[Any]:
    """Return standardised views as images; grey ones as they are."""
    if len(bands) == 1:
        return seen[..., 0]
    levels = np.clip(seen * np.array(layer.std) + np.array(layer.mean), 0, 1)
    return composites(np.rint(255 * levels).astype(np.uint8), bands)


def draw_differences(table: pd.DataFrame) -> Figure:
    """Draw how each arm's RMSE differs from the first one's, with intervals.

    Parameters
    ----------
    table : DataFrame
        One row per arm: ``arm``, ``difference``, ``low``, ``high``.
    """
    figure = Figure(figsize=(7, 1 + 0.45 * len(table)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(table))[::-1]
    reach = [table["difference"] - table["low"], table["high"] - table["difference"]]
    axes.errorbar(table["difference"], places, xerr=reach, fmt="o", color=VALIDATION, capsize=3)
    axes.axvline(0, color=QUIET, lw=1)
    axes.set_yticks(places, list(table["arm"]))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set(xlabel=f"RMSE minus that of {table['arm'].iloc[0]}; left is better")
    return figure


def extremes(evaluation: "Evaluation", worst: bool, count: int = 12) -> Figure:
    """Test galaxies with the smallest or the largest RMSE, with voted and predicted fractions."""
    error = rmse_per_galaxy(evaluation.split.fractions, evaluation.predicted)
    chosen = np.argsort(-error if worst else error)[:count]
    titles = [
        f"{_fractions(evaluation.targets, evaluation.split.fractions[row])}\n"
        f"→ {_fractions(evaluation.targets, evaluation.predicted[row])}\nRMSE {error[row]:.2f}"
        for row in chosen
    ]
    heading = f"{'Worst' if worst else 'Best'} test galaxies: voted → predicted"
    pictures = composites(evaluation.split.images[chosen], evaluation.split.bands)
    return stamp_sheet(pictures, titles, 6, heading)


def draw_occlusion(
    stamps: NDArray[np.uint8], maps: NDArray[np.float64], titles: Sequence[str]
) -> Figure:
    """Galaxies above what hiding each patch of them does to one fraction.

    Parameters
    ----------
    stamps : array, shape (N, P, P) or (N, P, P, 3)
    maps : array, shape (N, M, M)
        By how much the fraction falls, as `galopt.evaluation.occlusion.occlusion_maps` gives.
    titles : sequence of str
        One a galaxy.
    """
    figure = Figure(figsize=(1.9 * len(stamps) + 0.9, 4.3), layout="constrained")
    panels = figure.subplots(2, len(stamps), squeeze=False)
    largest = float(np.abs(maps).max())
    reach = max(LEAST, largest)
    for (above, below), stamp, change, title in zip(panels.T, stamps, maps, titles, strict=True):
        above.imshow(stamp, cmap="gray", interpolation="nearest")
        shown = below.imshow(change, cmap="RdBu_r", vmin=-reach, vmax=reach)
        above.set_title(title, fontsize=9)
        for axes in (above, below):
            axes.set(xticks=[], yticks=[])
    if largest < LEAST / 2:
        figure.suptitle(f"No patch changes a fraction by more than {largest:.2g}", fontsize=9)
    bar = figure.colorbar(shown, ax=list(panels[1]), shrink=0.9)
    bar.set_label("fall of the fraction\nwhere hidden", fontsize=8)
    return figure


def _fractions(targets: Sequence[str], values: NDArray[np.float32]) -> str:
    """Name the two largest fractions."""
    largest = np.argsort(-values)[:2]
    return ", ".join(f"{targets[i].replace('_', ' ')} {values[i]:.2f}" for i in largest)


def training_figures(result: "TrainResult", dataset: Dataset) -> dict[str, str]:
    """Draw the learning curve and the sheet of augmented galaxies; return their SVG files."""
    floor = dataset.info["floor"]
    drawn = {
        "learning_curve": learning_curve(
            result.history,
            floor["overall"] if floor else None,
            constant_rmse(dataset, dataset.split("validation")),
            published=papers_classes(dataset.targets),
        ),
        "augmented": augmented_views(
            result.model, dataset.split("train").images[:5], dataset.bands
        ),
    }
    return {name: svg(figure) for name, figure in drawn.items()}


def evaluation_figures(evaluation: "Evaluation") -> dict[str, str]:
    """Draw the figures of the test galaxies; return their SVG files."""
    drawn = {
        "predicted": predicted_against_voted(evaluation),
        "best": extremes(evaluation, worst=False),
        "worst": extremes(evaluation, worst=True),
    }
    return {name: svg(figure) for name, figure in drawn.items()}


def saliency_figure(model: "keras.Model", evaluation: "Evaluation") -> str:
    """Draw occlusion maps of the galaxy that is surest of each of five targets; return the SVG."""
    from galopt.networks.inference import predict  # here, for it loads Keras

    rows = most_confident(evaluation.predicted, most=5)
    stamps, targets = evaluation.split.images[rows], np.arange(len(rows))
    field = model.get_layer("view").field
    maps = occlusion_maps(partial(predict, model), stamps, targets, field)
    edge = round(stamps.shape[1] * (1 - field) / 2)
    inside = slice(edge, stamps.shape[1] - edge)
    titles = [
        f"{name.replace('_', ' ')} {evaluation.predicted[row, number]:.2f}"
        for number, (name, row) in enumerate(zip(evaluation.targets, rows, strict=False))
    ]
    pictures = composites(stamps[:, inside, inside], evaluation.split.bands)
    return svg(draw_occlusion(pictures, maps, titles))
