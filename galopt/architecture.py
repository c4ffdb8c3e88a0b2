"""What a network is made of, layer by layer, without building it."""

from collections.abc import Iterator
from dataclasses import dataclass

from galopt.config import Network

# Ignat et al. (2016), figure 5: initial biases of the convolutions and the output, and of
# the dense layers; spread of the output's initial weights.
CONVOLUTION_BIAS = OUTPUT_BIAS = 0.1
DENSE_BIAS = 0.01
OUTPUT_SPREAD = 0.01


@dataclass(frozen=True)
class Layer:
    """One row of figure 5 of Ignat et al. (2016), with the size of what comes out.

    Attributes
    ----------
    type : str
        'convolutional' or 'dense'.
    features : int
        Feature maps or units.
    kernel : int or None
        Side of the filters, px; None for a dense layer.
    pool : int
        Side of the max pooling after it, px; 1 is none.
    activation : str
        Name of the non-linearity.
    bias, spread : float
        Initial bias; standard deviation of the initial weights.
    side : int or None
        Side of the maps that the layer and its pooling give, px; None for a dense layer.
    weights : int
        Trained numbers, biases among them.
    """

    type: str
    features: int
    kernel: int | None
    pool: int
    activation: str
    bias: float
    spread: float
    side: int | None
    weights: int


def layers(network: Network, targets: int) -> Iterator[Layer]:
    """Yield the layers with weights, from the picture to the fractions.

    Parameters
    ----------
    network : config section
    targets : int
        Number of vote fractions.
    """
    side = network.pixels
    inputs: int = network.channels
    for layer in network.convolutions:
        side = (side - layer.kernel + 1) // layer.pool
        weights = (layer.kernel**2 * inputs + 1) * layer.filters
        yield Layer(
            "convolutional",
            layer.filters,
            layer.kernel,
            layer.pool,
            "ReLU",
            CONVOLUTION_BIAS,
            layer.spread,
            side,
            weights,
        )
        inputs = layer.filters
    inputs *= side**2
    dense = [(units, "ReLU", DENSE_BIAS, network.dense_spread) for units in network.dense]
    for units, activation, bias, spread in [
        *dense,
        (targets, network.output, OUTPUT_BIAS, OUTPUT_SPREAD),
    ]:
        weights = (inputs + 1) * units
        yield Layer("dense", units, None, 1, activation, bias, spread, None, weights)
        inputs = units
