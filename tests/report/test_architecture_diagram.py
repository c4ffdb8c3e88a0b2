"""The drawing of the architecture, and the report's charts."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Polygon, Rectangle

from galopt.config.load import build_config, preset_names
from galopt.networks.architecture import layers
from galopt.report.figures.architecture import diagram, sentence
from galopt.report.figures.diagnostics import draw_errors, draw_importances


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_is_drawn_inside_its_frame(preset):
    network = build_config({"network": {"preset": preset}}).network
    targets = 37 if network.tree else 5
    figure = diagram(network, targets, np.zeros((44, 44), np.uint8))
    (axes,) = figure.axes
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    for text in axes.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
    table = list(layers(network, targets))
    blocks = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(blocks) == 6 * sum(layer.side is not None for layer in table)
    assert len(bars) == min(4, network.views) + sum(layer.side is None for layer in table)


def test_the_words_are_those_of_the_drawing():
    plain = build_config({}).network
    assert sentence(plain, 5).startswith(
        "From 45×45 px: 6×6, pool 2×2: 32 maps of 20×20 px; 5×5, pool 2×2: 64 maps of 8×8 px;"
    )
    assert sentence(plain, 5).endswith("dense: 5 units.")
    views = build_config({"network": {"preset": "huertas2015"}}).network
    assert sentence(views, 5).startswith("From 16 views of 69×69 px")
    assert "16 views joined dense: 2048 units" in sentence(views, 5)
    modern = build_config({"network": {"preset": "modern"}}).network
    last = "128 maps of 5×5 px; weighted mean: 128 maps of 1×1 px; dense: 256"
    assert f"blocks of 3×3, pool 2×2: {last}" in sentence(modern, 5)
    plain = build_config({}, "network.preset=modern network.pooling=average").network
    assert "128 maps of 5×5 px; average dense: 256" in sentence(plain, 5)


def test_errors_share_a_scale_from_zero():
    table = pd.DataFrame({"quantity": [0.2, 1.0], "rmse": [0.1, 0.3], "low": 0.05, "high": 0.4})
    figure = draw_errors([("size", True, table, table), ("magnitude", False, table, table)])
    sizes, magnitudes = figure.axes
    assert sizes.get_ylim()[0] == 0
    assert sizes.get_ylim() == magnitudes.get_ylim()
    assert sizes.get_ylim()[1] > 0.4
    assert sizes.get_xscale() == "log"


def test_the_most_important_parameter_is_on_top():
    table = pd.DataFrame({"parameter": ["first", "second"], "importance": [0.9, 0.1]})
    (axes,) = draw_importances(table).axes
    assert [bar.get_width() for bar in axes.patches] == [0.9, 0.1]
    assert axes.yaxis_inverted()
