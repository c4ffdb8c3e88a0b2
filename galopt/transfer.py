"""Starting from a network that has seen other galaxies: its column is kept, its head is not."""

from pathlib import Path

import keras

from galopt.errors import ConfigError
from galopt.networks import load_model


def start_from(model: keras.Model, trained: keras.Model) -> None:
    """Give the layers of a network up to ``features`` the weights of a trained one.

    Few labels are enough where filters need not be learnt again: Domínguez Sánchez et al.
    (2019), "Transfer learning for galaxy morphology from one survey to another".

    Parameters
    ----------
    model : keras.Model
        Changed in place; its dense layers and output stay as they are.
    trained : keras.Model
        With the same column, and any dense layers and targets.

    Raises
    ------
    ConfigError
        The columns differ; the message names the first layer that does.
    """
    column = [layer for layer in _column(model) if layer.weights]
    known = {layer.name: layer for layer in _column(trained)}
    for layer in column:
        source = known.get(layer.name)
        if source is None or [w.shape for w in source.weights] != [w.shape for w in layer.weights]:
            raise ConfigError(
                f"train.init_from: the trained network has no layer {layer.name} like this one's; "
                "set the network section to what it was trained with"
            )
    for layer in column:
        layer.set_weights(known[layer.name].get_weights())


def freeze(model: keras.Model, frozen: bool) -> None:
    """Keep the weights of a network's column as they are in training, or let them learn."""
    for layer in _column(model):
        layer.trainable = not frozen


def starting_network(reference: str | None) -> keras.Model | None:
    """Open the network that `train.init_from` names: a file, a run or a registered model.

    Raises
    ------
    GaloptError
        There is none, or it is no network of galopt.
    """
    if reference is None:
        return None
    if reference.endswith(".keras"):
        return load_model(Path(reference))
    from galopt.tracking.models import fetch_network

    return fetch_network(reference)


def _column(model: keras.Model) -> list[keras.Layer]:
    """Return the layers between the view, whose random state is no weight, and the features."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index("view") + 1 : names.index("features")]
