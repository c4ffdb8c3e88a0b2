"""What a network is made of and costs, layer by layer, without building it."""

from collections.abc import Iterator
from dataclasses import dataclass

from galopt.config import Convolution, Network, Residual
from galopt.errors import ConfigError

# Ignat et al. (2016), figure 5: initial biases of the convolutions and the output, and of
# the dense layers; init_std of the output's initial weights.
CONVOLUTION_BIAS = OUTPUT_BIAS = 0.1
DENSE_BIAS = 0.01
OUTPUT_INIT_STD = 0.01


@dataclass(frozen=True)
class Layer:
    """One row of figure 5 of Ignat et al. (2016), with the size of what comes out.

    Attributes
    ----------
    type : str
        'convolutional', 'residual' (the blocks of one width), 'weighted mean' or 'dense'.
    features : int
        Feature maps or units.
    kernel : int or None
        Side of the filters, px; None for a dense layer.
    pool : int
        Side of the max pooling after it, or before it where residual, px; 1 is none.
    activation : str
        Name of the non-linearity.
    bias : float
        Initial bias.
    init_std : float or None
        Standard deviation of the initial weights; None for that of He et al. (2015).
    side : int or None
        Side of the maps that the layer and its pooling give, px; None for a dense layer.
    weights : int
        Trained numbers, biases among them.
    flops : int
        Floating-point operations of its matrix products for one galaxy, forward.
    receptive_field : int or None
        Side of the patch of a view that decides one output, px; None where all of it does.
    """

    type: str
    features: int
    kernel: int | None
    pool: int
    activation: str
    bias: float
    init_std: float | None
    side: int | None
    weights: int
    flops: int
    receptive_field: int | None


@dataclass
class _Maps:
    """Feature maps on their way through the backbone: what the next layer sees."""

    side: int
    features: int
    receptive_field: int = 1
    step: int = 1  # px of the view between neighbours

    def convolve(self, kernel: int, features: int, padded: bool = False) -> int:
        """Apply a convolution and return its multiplications."""
        self.side -= 0 if padded else kernel - 1
        products = self.side**2 * kernel**2 * self.features * features
        self.receptive_field += (kernel - 1) * self.step
        self.features = features
        return products

    def pool(self, side: int, padded: bool = False) -> None:
        self.side = -(-self.side // side) if padded else self.side // side
        self.receptive_field += (side - 1) * self.step
        self.step *= side


def channels_of(network: Network, planes: int) -> int:
    """Return the planes of a network's input, for stamps of so many planes.

    Raises
    ------
    ConfigError
        Stamps in colour have another number of planes than `network.channels` says.
    """
    if network.channels == "auto":
        return planes
    if planes not in (1, network.channels):
        raise ConfigError(
            f"network.channels={network.channels}: the stamps have {planes} planes; set "
            "network.channels=auto, or survey.bands: grey"
        )
    return network.channels


def layers(network: Network, targets: int, planes: int = 1) -> Iterator[Layer]:
    """Yield the layers with weights, from the image to the fractions.

    Parameters
    ----------
    network : config section
    targets : int
        Number of vote fractions.
    planes : int
        Planes of the stamps.

    Raises
    ------
    ConfigError
        A convolution or its pooling does not fit what the layers before it leave.
    """
    side = network.crop if network.views > 1 else network.pixels
    maps = _Maps(side, channels_of(network, planes))
    for number, layer in enumerate(network.convolutions):
        if layer.kernel > maps.side or layer.pool > maps.side - layer.kernel + 1:
            raise ConfigError(
                f"network.convolutions.{number}: kernel {layer.kernel} and pool {layer.pool} do "
                f"not fit the {maps.side} px that the layers before it leave"
            )
        yield _convolution(network, layer, maps)
    for number, stage in enumerate(network.residual, 1):
        yield _residual(network, stage, maps, last=number == len(network.residual))
    if network.pooling == "weighted":
        yield _weighted_mean(network, maps)
    inputs = maps.features * network.views
    inputs *= 1 if network.pooling == "average" else maps.side**2
    for units in network.dense:
        products = inputs * units * network.maxout
        yield Layer(
            type="dense",
            features=units,
            kernel=None,
            pool=1,
            activation=_activation(network.maxout),
            bias=DENSE_BIAS,
            init_std=network.dense_init_std,
            side=None,
            weights=products + units * network.maxout,
            flops=2 * products,
            receptive_field=None,
        )
        inputs = units
    yield Layer(
        type="dense",
        features=targets,
        kernel=None,
        pool=1,
        activation={"tree": "decision tree"}.get(network.output, network.output),
        bias=OUTPUT_BIAS,
        init_std=OUTPUT_INIT_STD,
        side=None,
        weights=(inputs + 1) * targets,
        flops=2 * inputs * targets,
        receptive_field=None,
    )


def check_layers(network: Network, targets: int, planes: int = 1) -> None:
    """Raise a ConfigError if layers or planes do not fit the stamps, or the tree the targets."""
    answers = len(network.tree_answers)
    if network.tree and answers != targets:
        raise ConfigError(
            f"network.tree: has {answers} answers, but the survey has {targets} targets"
        )
    for _ in layers(network, targets, planes):
        pass


def totals(network: Network, targets: int, planes: int = 1) -> dict[str, int]:
    """Return the trained numbers, the operations of a galaxy and the receptive field, px."""
    table = list(layers(network, targets, planes))
    return {
        "weights": sum(layer.weights for layer in table),
        "flops": sum(layer.flops for layer in table),
        "receptive_field": max(layer.receptive_field or 0 for layer in table),
    }


def _convolution(network: Network, layer: Convolution, maps: _Maps) -> Layer:
    filters = layer.filters * layer.maxout
    kernel_weights = layer.kernel**2 * maps.features * filters
    products = maps.convolve(layer.kernel, filters)
    biases = filters if not network.untied_biases else layer.filters * maps.side**2
    maps.features = layer.filters
    maps.pool(layer.pool)
    return Layer(
        type="convolutional",
        features=layer.filters,
        kernel=layer.kernel,
        pool=layer.pool,
        activation=_activation(layer.maxout),
        bias=CONVOLUTION_BIAS,
        init_std=layer.init_std,
        side=maps.side,
        weights=kernel_weights + biases + _normalisation(network, layer.filters),
        flops=2 * products * network.views,
        receptive_field=maps.receptive_field,
    )


def _residual(network: Network, stage: Residual, maps: _Maps, last: bool) -> Layer:
    maps.pool(stage.pool, padded=True)
    weights = products = 0
    for _ in range(stage.depth):
        inputs = maps.features
        for _ in range(2):
            weights += _normalisation(network, maps.features) + 9 * maps.features * stage.filters
            weights += stage.filters if network.normalisation == "none" else 0
            products += maps.convolve(3, stage.filters, padded=True)
        if inputs != stage.filters:
            weights += inputs * stage.filters
            products += maps.side**2 * inputs * stage.filters
    return Layer(
        type="residual",
        features=stage.filters,
        kernel=3,
        pool=stage.pool,
        activation="ReLU",
        bias=0.0,
        init_std=None,
        side=maps.side,
        weights=weights + (_normalisation(network, stage.filters) if last else 0),
        flops=2 * products * network.views,
        receptive_field=maps.receptive_field,
    )


def _weighted_mean(network: Network, maps: _Maps) -> Layer:
    kernel = maps.side
    weights = maps.convolve(kernel, maps.features) // maps.features  # a filter sees its map alone
    return Layer(
        type="weighted mean",
        features=maps.features,
        kernel=kernel,
        pool=1,
        activation="linear",
        bias=0.0,
        init_std=0.0,
        side=maps.side,
        weights=weights,
        flops=2 * weights * network.views,
        receptive_field=None,
    )


def _normalisation(network: Network, features: int) -> int:
    """Return the trained numbers of one normalisation: a scale and an offset a feature."""
    return 0 if network.normalisation == "none" else 2 * features


def _activation(pieces: int) -> str:
    return "ReLU" if pieces == 1 else f"maxout ({pieces})"
