"""Averaging a network's predictions over views of a galaxy that change nothing about it."""

from collections.abc import Sequence
from itertools import product
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np
from numpy.typing import NDArray

from galopt.config import Evaluate
from galopt.networks.augmentation import View
from galopt.networks.beta_binomial import standard_deviation
from galopt.networks.build import targets_of, tree_of

AVERAGE_BATCH = 256

_TURNED: WeakKeyDictionary[keras.Model, keras.Model] = WeakKeyDictionary()


def predict_averaged(
    model: keras.Model, images: NDArray[np.uint8], views: Evaluate
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Predict every galaxy in several views: Dieleman et al. (2015).

    Their 60 views are 10 rotations at 3 scales, 1/1.2, 1 and 1.2, each also mirrored.

    Parameters
    ----------
    model : keras.Model
        With a layer named ``view``, as `galopt.networks.build.build_network` makes.
    images : array, shape (N, S, S, C), uint8
    views : config section
        Rotations, zooms and mirroring; each combination is one view.

    Returns
    -------
    mean, deviation : array, shape (N, T), float32
        Mean vote fractions over the views, and their standard deviation: over the views,
        and of what the network itself does not know, where it says so
        (`galopt.networks.beta_binomial`).
    """
    network, targets, tree = _turned(model), targets_of(model), tree_of(model)
    means, deviations = [], []
    for start in range(0, len(images), AVERAGE_BATCH):
        stamps = as_input(model, images[start : start + AVERAGE_BATCH])
        seen = [
            network.predict_on_batch([stamps, np.tile(turn, (len(stamps), 1))])
            for turn in transforms(views)
        ]
        means.append(np.mean([outputs[:, :targets] for outputs in seen], axis=0))
        variance = np.var([outputs[:, :targets] for outputs in seen], axis=0)
        own = [standard_deviation(outputs, targets, *tree) for outputs in seen]
        within = [deviation**2 for deviation in own if deviation is not None]
        deviations.append(np.sqrt(variance + (np.mean(within, axis=0) if within else 0)))
    return np.concatenate(means), np.concatenate(deviations)


def combine(
    means: Sequence[NDArray[np.float32]], deviations: Sequence[NDArray[np.float32] | None]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average what several networks, or one, predict, and say how far it may be off.

    Parameters
    ----------
    means : sequence of array, shape (N, T), float32
        One per network.
    deviations : sequence of array or None
        What each network says of itself, if it does: `predict_averaged`.

    Returns
    -------
    mean, deviation : array, shape (N, T), float32
        By the law of total variance: between the networks and, on average, within them.
    """
    own = [deviation**2 for deviation in deviations if deviation is not None]
    within = np.mean(own, axis=0) if own else np.zeros_like(means[0])
    between = np.var(means, axis=0, ddof=1) if len(means) > 1 else 0
    return np.mean(means, axis=0), np.sqrt(within + between)


class _Turn(keras.layers.Layer):
    """The view of each stamp that is asked for."""

    def __init__(self, view: View) -> None:
        super().__init__(dtype="float32")  # half precision would blur the angles
        self.view = view

    def call(self, stamps: Any, turn: Any) -> Any:
        return self.view.resample(stamps, turn[:, 0], turn[:, 1], mirror=turn[:, 2])

    def compute_output_spec(self, stamps: Any, turn: Any) -> Any:
        return self.view.compute_output_spec(stamps)


def _turned(model: keras.Model) -> keras.Model:
    """Return a network of stamps and of how to see them: one a model, since it is compiled."""
    if model not in _TURNED:
        view = model.get_layer("view")
        turn = keras.Input((3,), dtype="float32", name="turn")
        behind = keras.Model(view.output, model.output)
        seen = _Turn(view)(model.input, turn)
        _TURNED[model] = keras.Model([model.input, turn], behind(seen))
    return _TURNED[model]


def transforms(views: Evaluate) -> NDArray[np.float32]:
    """Return the rotation (radians), zoom and mirroring of each view, (V, 3)."""
    angles = 2 * np.pi * np.arange(views.rotations) / views.rotations
    mirrors = (1.0, -1.0) if views.flip else (1.0,)
    return np.array(list(product(angles, views.zooms, mirrors)), np.float32)


PREDICT_BATCH = 512


def predict_views(
    model: Any, images: NDArray[np.uint8], views: Evaluate
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Predict as a configuration says: the central view alone, or the mean of several.

    Returns
    -------
    mean : array, shape (N, T), float32
        Vote fractions of the stored stamps (N, S, S, C).
    deviation : array, shape (N, T), float32, or None
        Standard deviation over the views, where there are several, and of what the network
        itself does not know, where it says so (`galopt.networks.beta_binomial`).
    """
    if views == Evaluate():
        outputs, targets = _outputs(model, images), targets_of(model)
        return outputs[:, :targets], standard_deviation(outputs, targets, *tree_of(model))
    return predict_averaged(model, images, views)


def predict(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return vote fractions (N, T) of stored stamps (N, S, S, C), in bounded memory."""
    return _outputs(model, images)[:, : targets_of(model)]


def as_input(model: Any, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return stamps as a network takes them: grey ones with or without an axis of planes."""
    stamps = np.array(images)
    return stamps.reshape(len(stamps), *model.input_shape[1:])


def _outputs(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = [
        model.predict_on_batch(as_input(model, images[start : start + PREDICT_BATCH]))
        for start in range(0, len(images), PREDICT_BATCH)
    ]
    return np.concatenate(parts).astype(np.float32)
