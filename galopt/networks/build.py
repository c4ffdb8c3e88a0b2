"""Networks: one builder, from the `network` section to a Keras model."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import keras
from keras import layers

from galopt.config import Convolution, Network
from galopt.errors import DataError
from galopt.networks.architecture import (
    CONVOLUTION_BIAS,
    DENSE_BIAS,
    OUTPUT_BIAS,
    OUTPUT_INIT_STD,
    check_layers,
)
from galopt.networks.augmentation import View
from galopt.networks.beta_binomial import Concentration
from galopt.networks.fused_layers import BatchNormalization, WeightedMean
from galopt.networks.layers import (
    DecisionTree,
    JoinViews,
    Maxout,
    MaxoutConv2D,
    UntiedBias,
    Viewpoints,
)


def build_network(
    network: Network,
    targets: int,
    side: int,
    view: View,
    seed: int,
    precision: str = "float32",
    concentration: bool = False,
    planes: int = 1,
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
    concentration : bool
        Give beside the fractions how alike the galaxies are that look like this one, as
        `galopt.networks.beta_binomial.BetaBinomial` needs: outputs are (B, targets + 1) then.
    planes : int
        Of the stored stamps.

    Returns
    -------
    keras.Model
        Stamps (B, side, side, planes) uint8 to fractions (B, targets) float32 in [0, 1]. What the
        dense layers see is the output of its layer ``features``.

    Raises
    ------
    ConfigError
        The layers do not fit the image, or the decision tree not the targets.
    """
    check_layers(network, targets, planes)
    stamps = keras.Input((side, side, planes), dtype="uint8", name="stamps")
    builder = _Builder(network, seed, precision)
    hidden = builder.hidden(view(stamps))
    outputs = builder.fractions(hidden, targets, likelihood=concentration)
    if concentration:
        votes = Concentration(
            kernel_initializer=builder.weights(OUTPUT_INIT_STD),
            dtype="float32",
            name="concentration",
        )(hidden)
        outputs = layers.Concatenate(dtype="float32", name="chances")([outputs, votes])
    return keras.Model(stamps, outputs, name=network.preset)


def load_model(path: Path) -> keras.Model:
    """Load a network that `build` made, for prediction, as data: code inside it is refused.

    Raises
    ------
    DataError
        There is no such file, or it is no network of galopt; in one line, whatever Keras says.
    """
    try:
        network = keras.saving.load_model(path, compile=False)
        network.get_layer("view")
        targets_of(network)
        return network
    except Exception as error:  # hostile files raise nearly anything from Keras
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a trained network ({reason})") from None


def part_seed(seed: int, part: int) -> int:
    """Return the seed of one part of a network, in the 31 bits that every framework takes."""
    return (seed * 1000 + part) % 2**31


class _Builder:
    """The parts of a network, with a seed of its own for each that draws random numbers."""

    def __init__(self, network: Network, seed: int, precision: str) -> None:
        self.network = network
        self.seeds = (part_seed(seed, part) for part in count())
        self.policy = keras.DTypePolicy(precision)

    def hidden(self, view: Any) -> Any:
        """Return what the output sees, (B, F), of views (B, P, P, planes)."""
        x = self.features(view)
        for number, units in enumerate(self.network.dense, 1):
            x = self.dense(x, units, number)
        return self.dropout(x)

    def fractions(self, x: Any, targets: int, likelihood: bool = False) -> Any:
        """Return vote fractions (B, targets); in a tree, never 0 where a likelihood needs that."""
        scores = layers.Dense(
            targets,
            activation=None if self.network.tree else self.network.output,
            kernel_initializer=self.weights(OUTPUT_INIT_STD),
            bias_initializer=keras.initializers.Constant(OUTPUT_BIAS),
            dtype="float32",
            name="scores" if self.network.tree else "fractions",
        )(x)
        if not self.network.tree:
            return scores
        answers = [len(question.answers) for question in self.network.tree]
        parents = self.network.tree_parents
        return DecisionTree(answers, parents, likelihood, dtype="float32", name="fractions")(scores)

    def features(self, x: Any) -> Any:
        """Return what the backbone makes of the views, (B, F)."""
        network = self.network
        several = network.views > 1
        if several:
            x = Viewpoints(network.crop, dtype=self.policy, name="viewpoints")(x)
        for number, layer in enumerate(network.convolutions, 1):
            x = self.convolution(x, layer, number)
        for number, (filters, pool) in enumerate(_blocks(network), 1):
            x = self.residual(x, filters, pool, number)
        if network.residual:
            x = self.rectified(x, "last")
        x = self.pooled(x, "view_features" if several else "features")
        return JoinViews(dtype=self.policy, name="features")(x) if several else x

    def pooled(self, x: Any, name: str) -> Any:
        """Add what makes features (B, F) of maps (B, H, W, C)."""
        if self.network.pooling == "average":
            return layers.GlobalAveragePooling2D(dtype=self.policy, name=name)(x)
        if self.network.pooling == "weighted":
            side = x.shape[1]
            x = WeightedMean(
                side,
                depthwise_initializer=keras.initializers.Constant(1 / side**2),
                dtype=self.policy,
                name="weighted_mean",
            )(x)
        return layers.Flatten(dtype=self.policy, name=name)(x)

    def convolution(self, x: Any, layer: Convolution, number: int) -> Any:
        """Add a convolution, what follows it, and its pooling."""
        plain = not self.network.untied_biases and self.network.normalisation == "none"
        options: dict[str, Any] = {
            "use_bias": not self.network.untied_biases,
            "kernel_initializer": self.weights(layer.init_std),
            "bias_initializer": keras.initializers.Constant(CONVOLUTION_BIAS),
            "dtype": self.policy,
            "name": f"convolution_{number}",
        }
        if layer.maxout > 1:
            x = MaxoutConv2D(layer.filters, layer.kernel, layer.maxout, **options)(x)
        else:
            activation = "relu" if plain else None
            x = layers.Conv2D(layer.filters, layer.kernel, activation=activation, **options)(x)
        if self.network.untied_biases:
            bias = keras.initializers.Constant(CONVOLUTION_BIAS)
            x = UntiedBias(bias, dtype=self.policy, name=f"biases_{number}")(x)
        if not plain:
            x = self.rectified(x, str(number), linear=layer.maxout > 1)
        if layer.pool > 1:
            x = layers.MaxPooling2D(layer.pool, dtype=self.policy, name=f"pooling_{number}")(x)
        return x

    def residual(self, x: Any, filters: int, pool: int, number: int) -> Any:
        """Add a block: its input plus two convolutions of it, He et al. (2016b), figure 1b."""
        name = f"block_{number}"
        if pool > 1:
            x = layers.MaxPooling2D(pool, padding="same", dtype=self.policy, name=f"{name}_pool")(x)
        change = x
        for step in "ab":
            change = layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=self.network.normalisation == "none",
                kernel_initializer=self.weights(None),
                dtype=self.policy,
                name=f"{name}_{step}",
            )(self.rectified(change, f"{name}_{step}"))
        if x.shape[-1] != filters:
            x = layers.Conv2D(
                filters,
                1,
                use_bias=False,
                kernel_initializer=self.weights(None),
                dtype=self.policy,
                name=f"{name}_width",
            )(x)
        return layers.Add(dtype=self.policy, name=name)([x, change])

    def rectified(self, x: Any, name: str, linear: bool = False) -> Any:
        """Add the normalisation that the network has, and ReLU unless `linear`."""
        if self.network.normalisation != "none":
            kind = {"batch": BatchNormalization, "layer": layers.LayerNormalization}
            normalise = kind[self.network.normalisation]
            x = normalise(dtype=self.policy, name=f"normalisation_{name}")(x)
        return x if linear else layers.ReLU(dtype=self.policy, name=f"relu_{name}")(x)

    def dense(self, x: Any, units: int, number: int) -> Any:
        """Add dropout and a dense layer."""
        options: dict[str, Any] = {
            "kernel_initializer": self.weights(self.network.dense_init_std),
            "bias_initializer": keras.initializers.Constant(DENSE_BIAS),
            "dtype": self.policy,
            "name": f"dense_{number}",
        }
        if self.network.maxout > 1:
            layer = Maxout(units, self.network.maxout, **options)
        else:
            layer = layers.Dense(units, activation="relu", **options)
        return layer(self.dropout(x))

    def dropout(self, x: Any) -> Any:
        """Add dropout."""
        return layers.Dropout(self.network.dropout, seed=next(self.seeds), dtype=self.policy)(x)

    def weights(self, init_std: float | None) -> keras.initializers.Initializer:
        """Return normal initial weights, of He et al. (2015), equation 10, or N(0, `init_std`)."""
        if init_std is None:
            return keras.initializers.HeNormal(seed=next(self.seeds))
        return keras.initializers.RandomNormal(stddev=init_std, seed=next(self.seeds))


def _blocks(network: Network) -> Iterator[tuple[int, int]]:
    """Yield width and pooling of every residual block."""
    for stage in network.residual:
        for number in range(stage.depth):
            yield stage.filters, stage.pool if number == 0 else 1


def targets_of(model: keras.Model) -> int:
    """Return the number of vote fractions that a network predicts."""
    return model.get_layer("fractions").output.shape[-1]


def tree_of(model: keras.Model) -> tuple[list[int], list[int | None]]:
    """Return `answers` and `after` of a network's `DecisionTree`; both empty without one."""
    layer = model.get_layer("fractions")
    return (layer.answers, layer.after) if isinstance(layer, DecisionTree) else ([], [])
