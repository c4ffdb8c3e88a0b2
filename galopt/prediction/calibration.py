"""How far predictions may be off, learnt from galaxies that the network was not trained on."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from galopt.config.base import Section

Array = NDArray[np.float64]

LEVEL = 0.95
LEAST = 1e-3
"""Smallest standard deviation: no fraction is known better."""

FEWEST = 50
"""Galaxies below which nothing is learnt: the ends of a 95 % interval would rest on one."""


class Calibration(Section):
    """What the errors of predicted fractions were on calibration galaxies, for each target.

    A variance is a sum with non-negative weights of what is known of a prediction: the variance
    over views or networks, that of a share, mu (1 - mu), and a constant. An interval reaches from
    the prediction so many standard deviations down and up that 95 % of the calibration galaxies'
    votes lie inside: split conformal prediction with locally weighted residuals (Lei et al. 2018,
    "Distribution-free predictive inference for regression", section 5.2), each side by itself.

    Attributes
    ----------
    own : list of list of float
        Weights of the variance of a prediction around the expected fraction, (T, 3).
    votes : list of list of float
        Weights of its variance around the voted fraction, (T, 3).
    down, up : list of float
        Standard deviations around the voted fraction to the ends of the interval, (T,).
    galaxies : int
        Calibration galaxies.
    """

    own: list[list[float]]
    votes: list[list[float]]
    down: list[float]
    up: list[float]
    galaxies: int

    @classmethod
    def fit(
        cls,
        voted: ArrayLike,
        predicted: ArrayLike,
        deviation: ArrayLike,
        n_votes: ArrayLike | None = None,
    ) -> Self | None:
        """Learn from galaxies with votes; None where there are fewer than `FEWEST`.

        Parameters
        ----------
        voted, predicted, deviation : array, shape (N, T)
            Vote fractions, predictions, and their standard deviations over views or networks.
        n_votes : array, shape (N,), optional
            Voters of each galaxy, whose chance is then taken out of `own`: the voted fraction
            scatters around the expected one by that of a beta-binomial share, as in
            `galopt.metrics.error_ratio`.
        """
        y, mu = np.asarray(voted, float), np.asarray(predicted, float)
        if len(y) < FEWEST:
            return None
        squared, terms = (y - mu) ** 2, _terms(mu, deviation)
        share = np.zeros((len(y), 1))
        if n_votes is not None:
            share = 1 / np.maximum(np.asarray(n_votes, float), 1)[:, None]
        own = _weights(terms * (1 - share), squared, share * mu * (1 - mu))
        votes = _weights(terms, squared, np.zeros_like(mu))
        scaled = (y - mu) / _deviation(terms, votes)
        rank = min(np.ceil((len(y) + 1) * (1 + LEVEL) / 2) / len(y), 1)
        down, up = (
            np.maximum(np.quantile(side, rank, axis=0, method="higher"), 0).tolist()
            for side in (-scaled, scaled)
        )
        return cls(own=own.tolist(), votes=votes.tolist(), down=down, up=up, galaxies=len(y))

    def errors(self, predicted: ArrayLike, deviation: ArrayLike) -> Array:
        """Return the standard deviation of predictions around the expected fractions, (N, T)."""
        return _deviation(_terms(predicted, deviation), np.array(self.own))

    def interval(self, predicted: ArrayLike, deviation: ArrayLike) -> tuple[Array, Array]:
        """Return the ends, (N, T) in [0, 1], that hold 95 % of the votes of as many voters."""
        mu = np.asarray(predicted, float)
        sigma = _deviation(_terms(mu, deviation), np.array(self.votes))
        low, high = mu - np.array(self.down) * sigma, mu + np.array(self.up) * sigma
        return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _terms(predicted: ArrayLike, deviation: ArrayLike) -> Array:
    """Return what a variance is made of, (3, N, T)."""
    mu = np.asarray(predicted, float)
    return np.stack([np.asarray(deviation, float) ** 2, mu * (1 - mu), np.ones_like(mu)])


def _weights(terms: Array, squared: Array, chance: Array) -> Array:
    """Fit squared errors (N, T) by the chance of the votes and non-negative terms, (T, 3).

    Each galaxy counts as one over its variance, squared, for the square of a normal error has a
    variance of twice that: iteratively weighted least squares.
    """
    found = []
    for target in range(squared.shape[1]):
        design, goal = terms[..., target].T, squared[:, target] - chance[:, target]
        weights = np.array([0, 0, max(goal.mean(), LEAST**2)])
        for _ in range(5):
            scale = np.maximum(design @ weights + chance[:, target], LEAST**2)
            weights, _ = nnls(design / scale[:, None], goal / scale)
        fitted = (design @ weights / scale).mean()
        found.append(weights * max((goal / scale).mean() / fitted, 0) if fitted else weights)
    return np.array(found)


def _deviation(terms: Array, weights: Array) -> Array:
    variance = np.einsum("knt,tk->nt", terms, weights)
    return np.sqrt(np.maximum(variance, LEAST**2))
