"""Statistics of the training pixels, by which views are standardised and brightened."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_STAMPS_AT_ONCE = 200


def plane_statistics(
    stamps: NDArray[np.uint8],
) -> tuple[list[float], list[float], list[float]]:
    """Return mean and standard deviation of each plane, in [0, 1], and `principal_axis`.

    Parameters
    ----------
    stamps : array, shape (N, S, S, C), uint8
        May be a memory map.
    """
    planes = [mean_and_deviation(stamps[..., plane]) for plane in range(stamps.shape[3])]
    mean = [mean / 255 for mean, _ in planes]
    std = [max(deviation / 255, 1e-3) for _, deviation in planes]
    return mean, std, principal_axis(stamps, std)


def principal_axis(stamps: NDArray[np.uint8], std: Sequence[float]) -> list[float]:
    """Return how far the planes shift together when the brightness of a view changes by one.

    The colours of the pixels vary most along one axis (Krizhevsky et al. 2012, section 4.1):
    eigenvector v and eigenvalue w of their covariance. A plane c takes
    w v_c / (sqrt(C) s std_c), where s is the root mean square of the C standard deviations,
    so that planes alike take one each, as a grey stamp does.

    Parameters
    ----------
    stamps : array, shape (N, S, S, C), uint8
        May be a memory map.
    std : sequence of float
        Standard deviation of each plane, in [0, 1].

    Returns
    -------
    list of float
        In standard deviations of each plane; their sum is positive.
    """
    planes = stamps.shape[3]
    total, products, count = np.zeros(planes), np.zeros((planes, planes)), 0
    for start in range(0, len(stamps), _STAMPS_AT_ONCE):
        colours = stamps[start : start + _STAMPS_AT_ONCE].reshape(-1, planes) / 255
        total, count = total + colours.sum(axis=0), count + len(colours)
        products += colours.T @ colours
    covariance = products / count - np.outer(total, total) / count**2
    values, vectors = np.linalg.eigh(covariance)
    vector = vectors[:, -1] * np.sign(vectors[:, -1].sum() or 1)
    scale = np.sqrt(max(np.trace(covariance), 1e-12))  # sqrt(C) times s
    return [float(shift) for shift in values[-1] * vector / (scale * np.array(std))]


def mean_and_deviation(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the mean and standard deviation of all grey levels.

    Parameters
    ----------
    images : array, shape (N, S, S), uint8
        One plane; may be a memory map.
    """
    counts = np.zeros(256)
    for start in range(0, len(images), _STAMPS_AT_ONCE):
        levels = np.ravel(images[start : start + _STAMPS_AT_ONCE])
        counts += np.bincount(levels, minlength=256)
    mean = np.average(np.arange(256), weights=counts)
    return float(mean), float(np.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)))
