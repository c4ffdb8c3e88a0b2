"""Layers that compute the same as Keras' own."""

import keras
import numpy as np
import pytest

from galopt.networks.fused_layers import BatchNormalization, WeightedMean
from galopt.prediction.builtin import open_builtin
from galopt.training.transfer import start_from
from tests.networks.test_build import build


def trained(normalisation: type, mean: type) -> keras.Model:
    """Return a small residual network after 20 steps, made of the given two layers."""
    layers = keras.layers
    maps = layers.Input((12, 12, 8))
    x = layers.Conv2D(8, 3, use_bias=False, kernel_initializer=keras.initializers.HeNormal(1))(maps)
    x = layers.ReLU()(normalisation()(x))
    x = mean(10, use_bias=False, depthwise_initializer=keras.initializers.Constant(0.01))(x)
    x = layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(2))(layers.Flatten()(x))
    model = keras.Model(maps, x)
    model.compile(keras.optimizers.SGD(0.05), loss="mse")
    rng = np.random.default_rng(0)
    given = rng.normal(2, 3, (160, 12, 12, 8)).astype(np.float32)
    wanted = rng.random((160, 3)).astype(np.float32)
    model.fit(given, wanted, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return model


@pytest.mark.backend
def test_twenty_steps_give_the_weights_and_statistics_of_keras_own_layers():
    own = trained(BatchNormalization, WeightedMean)
    keras_own = trained(keras.layers.BatchNormalization, keras.layers.DepthwiseConv2D)
    start = keras.models.clone_model(keras_own)
    for weights, expected, first in zip(
        own.get_weights(), keras_own.get_weights(), start.get_weights(), strict=True
    ):
        np.testing.assert_allclose(weights, expected, rtol=1e-3, atol=1e-5)
        assert not np.allclose(weights, first, atol=1e-4)


def test_a_frozen_layer_keeps_its_statistics():
    layer = BatchNormalization()
    layer.build((None, 4, 4, 2))
    layer.trainable = False
    layer(np.random.default_rng(0).normal(5, 2, (8, 4, 4, 2)).astype(np.float32), training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), [0, 0])


def test_the_network_of_the_package_which_has_keras_own_layers_is_a_start():
    before = open_builtin("builtin:modern").networks[0]
    assert type(before.get_layer("weighted_mean")) is keras.layers.DepthwiseConv2D
    now = build("network.preset=modern")
    start_from(now, before)
    np.testing.assert_array_equal(
        now.get_layer("weighted_mean").get_weights()[0],
        before.get_layer("weighted_mean").get_weights()[0],
    )
