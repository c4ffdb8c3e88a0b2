"""Networks: one builder, from the `network` section to a Keras model."""

from typing import Any

import keras
from keras import layers

from galopt.augment import View
from galopt.config import Network
from galopt.errors import ConfigError

# Ignat et al. (2016), figure 5: initial biases of the convolutions and the output, and of
# the dense layers; spread of the output's initial weights.
CONVOLUTION_BIAS = OUTPUT_BIAS = 0.1
DENSE_BIAS = 0.01
OUTPUT_SPREAD = 0.01


def build(
    network: Network, targets: int, side: int, view: View, seed: int, precision: str = "float32"
) -> keras.Model:
    """Build a network that takes stored stamps and returns vote fractions.

    Parameters
    ----------
    network : config section
    targets : int
        Number of vote fractions.
    side : int
        Side of the stored stamps, px.
    view : View
        Makes the network's input of a stamp.
    seed : int
        Seed of the initial weights and of dropout.
    precision : str
        A Keras dtype policy, such as 'mixed_bfloat16'; the output is float32.

    Returns
    -------
    keras.Model
        Stamps (B, side, side) uint8 to fractions (B, targets) float32 in [0, 1].

    Raises
    ------
    ConfigError
        The layers do not fit the picture.
    """
    policy = keras.DTypePolicy(precision)
    seeds = iter(range(seed * 1000, (seed + 1) * 1000))

    def dropout(x: Any) -> Any:
        return layers.Dropout(network.dropout, seed=next(seeds), dtype=policy)(x)

    stamps = keras.Input((side, side), dtype="uint8", name="stamps")
    x = view(stamps)
    for number, layer in enumerate(network.convolutions, 1):
        if layer.kernel > x.shape[1] or layer.pool > x.shape[1] - layer.kernel + 1:
            raise ConfigError(
                f"network.convolutions.{number - 1}: kernel {layer.kernel} and pool {layer.pool} "
                f"do not fit the {x.shape[1]} px that the layers before it leave"
            )
        x = layers.Conv2D(
            layer.filters,
            layer.kernel,
            activation="relu",
            kernel_initializer=_normal(layer.spread, next(seeds)),
            bias_initializer=keras.initializers.Constant(CONVOLUTION_BIAS),
            dtype=policy,
            name=f"convolution_{number}",
        )(x)
        if layer.pool > 1:
            x = layers.MaxPooling2D(layer.pool, dtype=policy, name=f"pooling_{number}")(x)
    x = layers.Flatten(dtype=policy, name="features")(x)
    for number, units in enumerate(network.dense, 1):
        x = layers.Dense(
            units,
            activation="relu",
            kernel_initializer=_normal(network.dense_spread, next(seeds)),
            bias_initializer=keras.initializers.Constant(DENSE_BIAS),
            dtype=policy,
            name=f"dense_{number}",
        )(dropout(x))
    fractions = layers.Dense(
        targets,
        activation=network.output,
        kernel_initializer=_normal(OUTPUT_SPREAD, next(seeds)),
        bias_initializer=keras.initializers.Constant(OUTPUT_BIAS),
        dtype="float32",
        name="fractions",
    )(dropout(x))
    return keras.Model(stamps, fractions, name=network.preset)


def _normal(spread: float, seed: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=spread, seed=seed)
