"""Grey levels of many stamps, counted without a copy of them."""

import numpy as np
from numpy.typing import NDArray

_STAMPS_AT_ONCE = 200


def mean_and_spread(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the mean and standard deviation of all grey levels.

    Parameters
    ----------
    images : array, shape (N, S, S), uint8
        May be a memory map.
    """
    counts = np.zeros(256)
    for start in range(0, len(images), _STAMPS_AT_ONCE):
        levels = np.ravel(images[start : start + _STAMPS_AT_ONCE])
        counts += np.bincount(levels, minlength=256)
    mean = np.average(np.arange(256), weights=counts)
    return float(mean), float(np.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)))
