"""The table of layers."""

import numpy as np
import pytest

from galopt.config.load import build_config, preset_names
from galopt.networks.architecture import layers, totals
from galopt.networks.augmentation import view_layer
from galopt.networks.build import build_network


def test_paper_network_shrinks_as_in_its_figure_4():
    table = list(layers(build_config({}).network, targets=5))
    assert [layer.side for layer in table] == [20, 8, 6, 2, None, None, None]
    assert [layer.features for layer in table] == [32, 64, 128, 128, 2048, 2048, 5]


def test_weights_are_counted_with_their_biases():
    table = list(layers(build_config({}).network, targets=5))
    assert table[0].weights == 6 * 6 * 3 * 32 + 32
    assert table[4].weights == 512 * 2048 + 2048
    assert table[6].weights == 2048 * 5 + 5


def test_output_and_biases_are_the_paper_s_figure_5():
    table = list(layers(build_config({}).network, targets=5))
    assert [layer.bias for layer in table] == [0.1] * 4 + [0.01, 0.01, 0.1]
    assert [layer.init_std for layer in table] == [0.01] * 3 + [0.1, 0.001, 0.001, 0.01]
    assert [layer.activation for layer in table] == ["ReLU"] * 6 + ["sigmoid"]


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("normalisation", ["none", "batch"])
@pytest.mark.parametrize("pooling", ["none", "average", "weighted"])
def test_weights_are_those_of_the_network_that_is_built(preset, normalisation, pooling):
    overrides = {
        "network.preset": preset,
        "network.normalisation": normalisation,
        "network.pooling": pooling,
    }
    config = build_config(
        {}, overrides | {"network.convolutions.0.maxout": 2, "network.dense": [16]}
    )
    targets = len(config.network.tree_answers) or 5
    view = view_layer(config.network, config.augment, np.zeros((1, 84, 84), np.uint8), 0)
    model = build_network(config.network, targets, 84, view, seed=0)
    built = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert totals(config.network, targets)["weights"] == built


def test_the_paper_s_network_costs_57_million_operations_and_sees_37_pixels():
    assert totals(build_config({}).network, 5) == {
        "weights": 5_533_413,
        "flops": 57_806_848,
        "receptive_field": 37,
    }


def test_the_modern_network_costs_no_more_than_the_paper_s():
    modern = totals(build_config({"network": {"preset": "modern"}}).network, 5)
    assert modern["flops"] <= totals(build_config({}).network, 5)["flops"]
