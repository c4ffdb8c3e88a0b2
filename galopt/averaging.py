"""Averaging a network's predictions over views of a galaxy that change nothing about it."""

from collections.abc import Iterator
from itertools import product
from weakref import WeakKeyDictionary

import keras
import numpy as np
from numpy.typing import NDArray

from galopt.config import Evaluate
from galopt.counts import spread, targets_of

BATCH = 256

_BEHIND_VIEW: WeakKeyDictionary[keras.Model, keras.Model] = WeakKeyDictionary()


def predict_averaged(
    model: keras.Model, images: NDArray[np.uint8], views: Evaluate
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Predict every galaxy in several views: Dieleman et al. (2015).

    Their 60 views are 10 rotations at 3 scales, 1/1.2, 1 and 1.2, each also mirrored.

    Parameters
    ----------
    model : keras.Model
        With a layer named ``view``, as `galopt.networks.build` makes.
    images : array, shape (N, S, S), uint8
    views : config section
        Rotations, zooms and mirroring; each combination is one view.

    Returns
    -------
    mean, deviation : array, shape (N, T), float32
        Mean vote fractions over the views, and their standard deviation: over the views,
        and of what the network itself does not know, where it says so (`galopt.counts`).
    """
    view, network, targets = model.get_layer("view"), _behind_view(model), targets_of(model)
    means, deviations = [], []
    for start in range(0, len(images), BATCH):
        stamps = np.array(images[start : start + BATCH])
        seen = [
            network.predict_on_batch(view.resample(stamps, **transform))
            for transform in transforms(views)
        ]
        means.append(np.mean([outputs[:, :targets] for outputs in seen], axis=0))
        variance = np.var([outputs[:, :targets] for outputs in seen], axis=0)
        own = [deviation**2 for o in seen if (deviation := spread(o, targets)) is not None]
        deviations.append(np.sqrt(variance + (np.mean(own, axis=0) if own else 0)))
    return np.concatenate(means), np.concatenate(deviations)


def _behind_view(model: keras.Model) -> keras.Model:
    """Return what follows the layer ``view``: one for each model, since each is compiled anew."""
    if model not in _BEHIND_VIEW:
        _BEHIND_VIEW[model] = keras.Model(model.get_layer("view").output, model.output)
    return _BEHIND_VIEW[model]


def transforms(views: Evaluate) -> Iterator[dict[str, float]]:
    """Yield the arguments of `galopt.augment.View.resample` for each view."""
    angles = 2 * np.pi * np.arange(views.rotations) / views.rotations
    mirrors = (1.0, -1.0) if views.flip else (1.0,)
    for angle, zoom, mirror in product(angles, views.zooms, mirrors):
        yield {"rotation": float(angle), "zoom": zoom, "mirror": mirror}
