"""How far predicted vote fractions are from the published ones, and how far they must be."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from galopt.errors import DataError

Array = NDArray[np.float64]

ENOUGH = 30
"""Galaxies below which neither an RMSE nor a difference of two means much."""

CROSSVALIDATE = "uv run mlflow run . -e crossvalidate --env-manager local"
"""The command that measures on every galaxy, where the test galaxies are too few."""

_EDGE = 1e-4
"""A mean this near to 0 or 1 and a deviation this small say as much as nearer and smaller ones."""


def rmse(voted: ArrayLike, predicted: ArrayLike) -> float:
    r"""Root-mean-square error over all galaxies and targets.

    .. math:: RMSE = \sqrt{\frac{1}{NT} \sum_{j,t} (y_{jt} - \hat y_{jt})^2}

    the equation of Ignat et al. (2016), section 5.1.

    Parameters
    ----------
    voted, predicted : array, shape (N, T) or (N,)
        Vote fractions in [0, 1].

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DataError
        The shapes differ, there is no galaxy, or a value is not finite.
    """
    return float(np.sqrt(np.mean(_squared(voted, predicted))))


def rmse_per_target(voted: ArrayLike, predicted: ArrayLike) -> Array:
    """Return `rmse` of each column, shape (T,)."""
    return np.sqrt(np.mean(_squared(voted, predicted), axis=0))


def rmse_per_galaxy(voted: ArrayLike, predicted: ArrayLike) -> Array:
    """Return `rmse` of each row, shape (N,).

    The mean of these, which Pérez-Carrasco et al. (2018) quote, is never larger
    than `rmse` over all galaxies: do not compare the two.
    """
    return np.sqrt(np.mean(_squared(voted, predicted), axis=1))


def error_ratio(
    voted: ArrayLike, predicted: ArrayLike, deviation: ArrayLike, n_votes: ArrayLike
) -> float:
    r"""Return the RMS of errors in units of the errors to be expected: 1 if those are honest.

    A vote fraction is off by what the prediction may be off, :math:`\sigma`, and by the chance
    of few voters: its variance is :math:`\sigma^2 + (\hat y (1 - \hat y) - \sigma^2) / n`, that of
    a beta-binomial share.

    Parameters
    ----------
    voted, predicted, deviation : array, shape (N, T)
        Vote fractions, predictions and their standard deviations.
    n_votes : array, shape (N,)
        Voters of each galaxy.
    """
    own = np.asarray(deviation, float) ** 2
    mean = np.asarray(predicted, float)
    chance = np.maximum(mean * (1 - mean) - own, 0) / np.asarray(n_votes, float)[:, None]
    return float(np.sqrt(np.mean(_squared(voted, predicted) / np.maximum(own + chance, 1e-6))))


def interval(mean: ArrayLike, deviation: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Return between which values a predicted fraction lies, as likely below as above.

    The central interval of the beta distribution with this mean and standard deviation: a
    fraction near 0 or 1 may be off to one side only.

    Parameters
    ----------
    mean, deviation : array, shape (N, T)
        Predictions in [0, 1] and their standard deviations.
    level : float
        Probability of the interval, in (0, 1).

    Returns
    -------
    low, high : array, shape (N, T)
        In [0, 1].
    """
    mu = np.clip(np.asarray(mean, float), _EDGE, 1 - _EDGE)
    variance = np.maximum(np.asarray(deviation, float) ** 2, _EDGE**2)
    kappa = np.maximum(mu * (1 - mu) / variance - 1, _EDGE)
    low, high = (
        betaincinv(mu * kappa, (1 - mu) * kappa, tail)
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return low, high


def _squared(voted: ArrayLike, predicted: ArrayLike) -> Array:
    voted, predicted = np.asarray(voted, float), np.asarray(predicted, float)
    if voted.shape != predicted.shape:
        raise DataError(f"voted {voted.shape} and predicted {predicted.shape} differ in shape")
    if not voted.size:
        raise DataError("no galaxy to compare")
    if not (np.isfinite(voted).all() and np.isfinite(predicted).all()):
        raise DataError("a vote fraction or a prediction is not finite")
    return (voted - predicted) ** 2
