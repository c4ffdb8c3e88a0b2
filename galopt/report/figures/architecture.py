"""The architecture as a drawing, figure 4 of Ignat et al. (2016), for any configuration."""

from math import log2

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from galopt.config import Network
from galopt.networks import architecture
from galopt.networks.architecture import Layer

TALL = 2.2
"""Height of the largest maps and of the widest dense layer, inches."""
SLANT = 0.3
"""How far a block's back is shifted, in its height."""
GAP = 0.75
MAPS, UNITS, PICTURE = "#1f77b4", "#2a9d5c", "#8a8a8a"


def diagram(
    network: Network, targets: int, picture: NDArray[np.uint8] | None = None, planes: int = 1
) -> Figure:
    """Draw a network from the image to the fractions.

    A block's height is the side of the maps, its thickness grows with the logarithm of their
    number; a bar is a dense layer.

    Parameters
    ----------
    network : config section
    targets : int
        Number of vote fractions.
    picture : array, shape (P, P) or (P, P, 3), optional
        A galaxy as the network sees it.
    planes : int
        Of the stored stamps.
    """
    layers = list(architecture.layers(network, targets, planes))
    side = network.crop if network.views > 1 else network.pixels
    widest = max(layer.features for layer in layers if layer.side is None)
    figure = Figure()
    axes = figure.add_axes((0, 0, 1, 1))
    views = f"{network.views} views of\n" if network.views > 1 else ""
    size = f"{views}{side}×{side}×{architecture.channels_of(network, planes)}"
    ends = [_picture(axes, min(4, network.views), size, picture)]
    for before, layer in zip([None, *layers], layers, strict=False):
        x = ends[-1] + GAP
        _arrow(axes, ends[-1], x, _operation(layer, before, network))
        draw = _block if layer.side else _bar
        ends.append(draw(axes, x, layer, side if layer.side else widest))
    width, bottom, top = ends[-1] + 0.65, -TALL / 2 - 0.55, TALL / 2 + 0.5
    axes.set(xlim=(-0.15, width), ylim=(bottom, top))
    axes.set_axis_off()
    figure.set_size_inches(width + 0.15, top - bottom)
    return figure


def sentence(network: Network, targets: int, planes: int = 1) -> str:
    """Say what `diagram` shows."""
    layers, parts = list(architecture.layers(network, targets, planes)), []
    for before, layer in zip([None, *layers], layers, strict=False):
        what = _operation(layer, before, network).replace("\npool", ", pool").replace("\n", " ")
        size = f" of {layer.side}×{layer.side} px" if layer.side else ""
        parts.append(f"{what}: {layer.features} {'maps' if size else 'units'}{size}")
    views = f"{network.views} views of " if network.views > 1 else ""
    return f"From {views}{network.pixels}×{network.pixels} px: {'; '.join(parts)}."


def _operation(layer: Layer, before: Layer | None, network: Network) -> str:
    """Name what leads to a layer, in at most three short lines."""
    if layer.type == "dense":
        joins = before is not None and before.side is not None
        lines = ["average"] if joins and network.pooling == "average" else []
        lines += [f"{network.views} views\njoined"] if joins and network.views > 1 else []
        return "\n".join([*lines, "dense"])
    if layer.type == "weighted mean":
        return "weighted\nmean"
    filters = f"{layer.kernel}×{layer.kernel}"
    lines = [filters if layer.type == "convolutional" else f"blocks\nof {filters}"]
    return "\n".join([*lines, f"pool {layer.pool}×{layer.pool}"] if layer.pool > 1 else lines)


def _picture(axes: Axes, shown: int, size: str, picture: NDArray[np.uint8] | None) -> float:
    """Draw the views of a galaxy and return where they end."""
    for number in reversed(range(shown)):
        shift = 0.12 * number
        corner = (shift, -TALL / 2 + shift)
        axes.add_patch(Rectangle(corner, TALL, TALL, fc="#e9eef4", ec=PICTURE, lw=1))
    if picture is not None:
        axes.imshow(picture, cmap="gray", extent=(0, TALL, -TALL / 2, TALL / 2), zorder=2)
    _name(axes, TALL / 2, size)
    return TALL + 0.12 * (shown - 1)


def _block(axes: Axes, x: float, layer: Layer, largest: int) -> float:
    """Draw feature maps and return where they end."""
    side = layer.side or 1
    height, thick = max(0.12, TALL * side / largest), 0.06 * log2(layer.features + 1)
    low, high, slant = -height / 2, height / 2, SLANT * height
    front = [(x, low), (x + thick, low), (x + thick, high), (x, high)]
    top = [front[3], front[2], (x + thick + slant, high + slant), (x + slant, high + slant)]
    flank = [front[1], (x + thick + slant, low + slant), top[2], front[2]]
    for face, alpha in ((front, 0.75), (top, 0.35), (flank, 0.5)):
        axes.add_patch(Polygon(face, fc=MAPS, alpha=alpha, ec="none"))
        axes.add_patch(Polygon(face, fc="none", ec=MAPS, lw=0.8))
    _name(axes, x + thick / 2, f"{layer.features}\n{side}×{side}")
    return x + thick + slant


def _bar(axes: Axes, x: float, layer: Layer, widest: int) -> float:
    """Draw a dense layer and return where it ends."""
    height = TALL * max(0.1, log2(layer.features + 1) / log2(widest + 1))
    axes.add_patch(Rectangle((x, -height / 2), 0.2, height, fc=UNITS, ec=UNITS, alpha=0.75))
    _name(axes, x + 0.1, f"{layer.features}\n{layer.activation}")
    return x + 0.2


def _arrow(axes: Axes, start: float, end: float, text: str) -> None:
    axes.annotate("", (end - 0.04, 0), (start + 0.06, 0), arrowprops={"arrowstyle": "->"})
    axes.text((start + end) / 2, 0.08, text, ha="center", va="bottom", fontsize=8)


def _name(axes: Axes, x: float, text: str) -> None:
    axes.text(x, -TALL / 2 - 0.1, text, ha="center", va="top", fontsize=8.5)
