"""Which part of a galaxy decides? Occlusion maps, which need no gradient of any backend."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.uint8]], NDArray[np.floating[Any]]]

PATCH = 1 / 9
"""Side of what is hidden, in sides of the field."""
STEPS = 13
"""Positions of it along a side: 169 predictions per galaxy."""


def occlusion_maps(
    predict: Predict,
    stamps: NDArray[np.uint8],
    targets: NDArray[np.integer[Any]],
    field: float,
) -> NDArray[np.float64]:
    """Hide one patch of a galaxy after the other: Zeiler & Fergus (2014), section 4.2.

    A patch is covered with the sky, the median of each plane's outermost pixels.

    Parameters
    ----------
    predict : callable
        Stamps (N, S, S, C) uint8 to fractions (N, T).
    stamps : array, shape (N, S, S, C), uint8
    targets : array, shape (N,)
        The fraction of each galaxy that is followed, an index below T.
    field : float
        Side of the central square in which the patch moves, in sides of the stamp.

    Returns
    -------
    array, shape (N, 13, 13)
        By how much the fraction falls when the patch at that place is hidden; negative
        where it rises.
    """
    pairs = zip(stamps, targets, strict=True)
    return np.stack([_occlude(predict, stamp, target, field) for stamp, target in pairs])


def _occlude(
    predict: Predict, stamp: NDArray[np.uint8], target: int, field: float
) -> NDArray[np.float64]:
    side = len(stamp)
    patch = max(1, round(PATCH * field * side))
    first = (side - field * side) / 2
    corners = np.round(np.linspace(first, side - first - patch, STEPS)).astype(int)
    hidden = np.repeat(np.array(stamp)[None], 1 + STEPS**2, axis=0)
    for view, (y, x) in zip(hidden[1:], product(corners, corners), strict=True):
        view[y : y + patch, x : x + patch] = _sky(stamp)
    fractions = np.asarray(predict(hidden), float)[:, target]
    return (fractions[0] - fractions[1:]).reshape(STEPS, STEPS)


def _sky(stamp: NDArray[np.uint8]) -> NDArray[np.uint8]:
    edges = [stamp[0], stamp[-1], stamp[1:-1, 0], stamp[1:-1, -1]]
    return np.median(np.concatenate(edges), axis=0).astype(np.uint8)


def most_confident(predicted: NDArray[np.floating[Any]], most: int) -> NDArray[np.intp]:
    """Return the row of the highest fraction of each of the first `most` targets, each once."""
    rows: list[int] = []
    for column in np.asarray(predicted).T[:most]:
        rows += [int(row) for row in np.argsort(-column) if int(row) not in rows][:1]
    return np.array(rows)
