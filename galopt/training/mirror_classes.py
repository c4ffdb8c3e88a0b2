"""Classes that only a mirror tells apart, which mirrored views destroy: by name, or measured."""

import logging
import re
from collections.abc import Sequence
from itertools import combinations
from math import ceil

import numpy as np
from numpy.typing import NDArray

from galopt.config import Config
from galopt.data.dataset import Split

logger = logging.getLogger(__name__)

MIRRORED = {
    "clockwise": "anticlockwise",
    "counterclockwise": "clockwise",
    "cw": "acw",
    "ccw": "cw",
    "left": "right",
    "s": "z",
}
"""Words for a hand and for the other; of spirals, S and Z are the hands of Galaxy Zoo."""

SURE = 5.0
"""Standard errors from zero beyond which a class winds one way."""

LOOKED_AT = 2000
"""Galaxies that are measured at most."""

_RADII, _ANGLES = 24, 64


def warn_of_mirrors(config: Config, targets: Sequence[str], train: Split) -> None:
    """Say so where classes are each other's mirror image and views are mirrored.

    Parameters
    ----------
    config : Config
    targets : sequence of str
    train : Split
        Galaxies whose arms are measured where names tell nothing, each for its first class.
    """
    switches = {
        "augment.flip=false": config.augment.flip,
        "evaluate.flip=false": config.evaluate.flip,
        "network.views=1": config.network.views > 1,
    }
    needed = [switch for switch, on in switches.items() if on]
    if not needed:
        return
    measured = ""
    pair = mirror_names(targets)
    if pair is None and (pair := opposite_arms(targets, train)):
        measured = ", as the arms of the training galaxies show"
    if pair:
        logger.warning(
            f"{pair[0]} and {pair[1]} are each other's mirror image{measured}, and views are "
            f"mirrored, so they cannot be told apart: set {' '.join(needed)}"
        )


def mirror_names(targets: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two classes whose names differ in a hand alone, or None."""
    for first, second in combinations(targets, 2):
        words = _words(first), _words(second)
        different = [pair for pair in zip(*words, strict=False) if pair[0] != pair[1]]
        if len(words[0]) == len(words[1]) and len(different) == 1:
            one, other = different[0]
            if MIRRORED.get(one) == other or MIRRORED.get(other) == one:
                return first, second
    return None


def opposite_arms(targets: Sequence[str], train: Split) -> tuple[str, str] | None:
    """Return the two classes that `winding` shows to wind in opposite directions, or None."""
    every = slice(None, None, ceil(len(train) / LOOKED_AT))  # a survey may be sorted by class
    turns = winding(train.images[every])
    classes = train.fractions[every].argmax(axis=1)
    away = []
    for number in range(len(targets)):
        own = turns[classes == number]
        error = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 2 else np.inf
        away.append(own.mean() / max(error, 1e-9) if np.isfinite(error) else 0.0)
    first, second = int(np.argmax(away)), int(np.argmin(away))
    opposite = away[first] > SURE and away[second] < -SURE
    return (targets[first], targets[second]) if opposite else None


def winding(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Tell how far the arms of galaxies wind in one direction, and of their mirror images back.

    The correlation of the light's change along the radius, in equal steps of its logarithm,
    with that along the angle: of one sign in a logarithmic spiral cos m(theta - k ln r), and
    zero on average in what is its own mirror image, such as an ellipse.

    Parameters
    ----------
    stamps : array, shape (N, S, S, C), uint8
        May be a memory map.

    Returns
    -------
    array, shape (N,), float32
        In [-1, 1].
    """
    side = stamps.shape[1]
    radius = np.geomspace(side / 24, side / 4, _RADII)[:, None]
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    x, y = (
        np.rint((side - 1) / 2 + radius * part).astype(int)
        for part in (np.cos(angle), np.sin(angle))
    )
    light = stamps[:, y, x].mean(axis=-1, dtype=np.float32)
    light -= light.mean(axis=2, keepdims=True)
    outward = light[:, 2:] - light[:, :-2]
    around = np.roll(light, -1, axis=2)[:, 1:-1] - np.roll(light, 1, axis=2)[:, 1:-1]
    size = np.sqrt((outward**2).sum(axis=(1, 2)) * (around**2).sum(axis=(1, 2)))
    return (outward * around).sum(axis=(1, 2)) / np.maximum(size, 1e-9)


def _words(name: str) -> list[str]:
    joined = re.sub(r"(anti|counter)[\W_]+(?=clockwise)", r"\1", name.lower())
    return [word for word in re.split(r"[\W_]+", joined) if word]
