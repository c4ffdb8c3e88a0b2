"""The paper's network, layer by layer."""

import numpy as np
import pytest
from keras import layers

from galopt import networks, params
from galopt.augment import View, view_layer
from galopt.errors import ConfigError

STAMPS = np.random.default_rng(0).integers(0, 255, (4, 84, 84)).astype(np.uint8)


def build(overrides: str = "", targets: int = 5):
    config = params.load("params.yaml", overrides)
    view = view_layer(config.network, config.augment, STAMPS, 0)
    return networks.build(config.network, targets, 84, view, seed=1)


def test_the_papers_network_is_as_published():
    model = build()
    assert [type(layer) for layer in model.layers] == [
        layers.InputLayer,
        View,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Conv2D,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Flatten,
        layers.Dropout,
        layers.Dense,
        layers.Dropout,
        layers.Dense,
        layers.Dropout,
        layers.Dense,
    ]
    sides = [layer.output.shape[1] for layer in model.layers[1:9]]
    assert sides == [45, 40, 20, 16, 8, 6, 4, 2]
    assert model.get_layer("features").output.shape == (None, 512)
    assert model.get_layer("fractions").activation.__name__ == "sigmoid"
    assert [model.get_layer(f"convolution_{n}").kernel_size[0] for n in (1, 2, 3, 4)] == [
        6,
        5,
        3,
        3,
    ]


@pytest.mark.parametrize(
    ("layer", "spread", "bias"),
    [
        ("convolution_1", 0.01, 0.1),
        ("convolution_2", 0.01, 0.1),
        ("convolution_3", 0.01, 0.1),
        ("convolution_4", 0.1, 0.1),
        ("dense_1", 0.001, 0.01),
        ("dense_2", 0.001, 0.01),
        ("fractions", 0.01, 0.1),
    ],
)
def test_initial_weights_have_the_published_spread(layer, spread, bias):
    kernel, biases = build().get_layer(layer).get_weights()
    assert kernel.std() == pytest.approx(spread, rel=0.05)
    assert kernel.mean() == pytest.approx(0, abs=spread / 10)
    np.testing.assert_allclose(biases, bias, rtol=1e-6)


def test_no_two_layers_start_from_the_same_numbers():
    first, second = (build().get_layer(f"dense_{n}").get_weights()[0] for n in (1, 2))
    assert not np.allclose(first[:512], second[:512])


def test_fractions_lie_between_zero_and_one():
    fractions = build(targets=3).predict_on_batch(STAMPS)
    assert fractions.shape == (4, 3)
    assert fractions.min() >= 0
    assert fractions.max() <= 1


def test_softmax_fractions_sum_to_one():
    fractions = build("network.output=softmax").predict_on_batch(STAMPS)
    np.testing.assert_allclose(fractions.sum(axis=1), 1, rtol=1e-5)


def test_layers_that_do_not_fit_the_picture_are_refused():
    with pytest.raises(ConfigError, match=r"network.convolutions.3: kernel 9 .* 6 px"):
        build("network.convolutions.3.kernel=9")
