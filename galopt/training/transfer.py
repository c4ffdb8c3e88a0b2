"""Starting from a network that has seen other galaxies: its backbone is kept, its head is not."""

from itertools import zip_longest
from typing import Any

import keras

from galopt.errors import ConfigError

_SETTINGS = ("pieces", "pool_size", "strides", "padding", "activation")


def start_from(model: keras.Model, trained: keras.Model) -> None:
    """Give the layers of a network up to ``features`` the weights of a trained one.

    Few labels are enough where filters need not be learnt again: Domínguez Sánchez et al.
    (2019), "Transfer learning for galaxy morphology from one survey to another".

    Parameters
    ----------
    model : keras.Model
        Changed in place; its dense layers and output stay as they are.
    trained : keras.Model
        With the same backbone, and any dense layers and targets.

    Raises
    ------
    ConfigError
        The backbones differ; the message names the first layer that does.
    """
    pairs = list(zip_longest(_column(model), _column(trained)))
    for ours, theirs in pairs:
        if ours is None or theirs is None or _kind(ours) != _kind(theirs):
            raise ConfigError(
                f"train.init_from: the trained network has {_name(theirs)} where this one has "
                f"{_name(ours)}; set the network section to what it was trained with"
            )
    for ours, theirs in pairs:
        ours.set_weights(theirs.get_weights())


def freeze(model: keras.Model, frozen: bool) -> None:
    """Keep the weights of a network's backbone as they are in training, or let them learn."""
    for layer in _column(model):
        layer.trainable = not frozen


def _kind(layer: keras.Layer) -> tuple[Any, ...]:
    """Return what two layers of the same backbone agree in: type, name, shapes, settings."""
    settings = {key: layer.get_config().get(key) for key in _SETTINGS}
    return _keras_type(layer), layer.name, [weight.shape for weight in layer.weights], settings


def _keras_type(layer: keras.Layer) -> type:
    """Return the layer of Keras that a layer is, also where galopt computes it in another way."""
    return next(kind for kind in type(layer).__mro__ if kind.__module__.startswith("keras"))


def _name(layer: keras.Layer | None) -> str:
    if layer is None:
        return "no further layer"
    shapes = ", ".join("×".join(map(str, weight.shape)) for weight in layer.weights)
    return f"{layer.name} ({shapes or type(layer).__name__})"


def _column(model: keras.Model) -> list[keras.Layer]:
    """Return the layers between the view, whose random state is no weight, and the features."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index("view") + 1 : names.index("features")]
