"""The vote-noise floor: the error that is left to a perfect predictor, because few people vote."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.data.survey.simulated.voters import cast_votes

TRUTH = "truth.parquet"
EXPECTED = "expected_"
"""Prefix of the catalogue's columns that hold the expectation of a target's fraction."""


def sampling_variance(fractions: ArrayLike, n_votes: ArrayLike) -> NDArray[np.float64]:
    """Estimate each fraction's variance from the finite number of its voters.

    The unbiased binomial estimate f (1 - f) / (n - 1), for voters who tick one answer.

    Parameters
    ----------
    fractions : array, shape (N, T)
        Vote fractions in [0, 1].
    n_votes : array, shape (N,)
        Voters of each galaxy.

    Returns
    -------
    array, shape (N, T)
        NaN where fewer than two voted.
    """
    fractions = np.asarray(fractions, float)
    n_votes = np.asarray(n_votes, float)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n_votes > 1, fractions * (1 - fractions) / (n_votes - 1), np.nan)


def noise_floor(variance: ArrayLike, targets: Sequence[str]) -> dict[str, float] | None:
    """Return the RMSE that vote noise alone leaves to a perfect predictor.

    Parameters
    ----------
    variance : array, shape (N, T)
        Variance of each published fraction around its expectation; rows of NaN are left out.
    targets : sequence of str
        Names of the T columns.

    Returns
    -------
    dict or None
        ``{"overall": …, target: …}``; None if no galaxy's variance is known.
    """
    known = np.asarray(variance, float)
    known = known[np.isfinite(known).all(axis=1)]
    if not len(known):
        return None
    columns = np.sqrt(known.mean(axis=0))
    return {"overall": float(np.sqrt(known.mean()))} | dict(
        zip(targets, columns.tolist(), strict=True)
    )


def vote_variance(
    probabilities: np.ndarray, n_votes: np.ndarray, normalised: bool, seed: int, draws: int = 60
) -> np.ndarray:
    """Return the variance of a galaxy's published fractions around their expectation.

    The square root of its mean is the vote-noise floor: the RMSE of a model that knows
    every galaxy's expectation.

    Parameters
    ----------
    probabilities : ndarray
        Of one voter's tick, (galaxies, targets), in (0, 1).
    n_votes : ndarray
        Voters, int, (galaxies,).
    normalised : bool
        Whether a galaxy's fractions are scaled to sum to one.
    seed : int
        Seed of the Monte Carlo.
    draws : int
        Elections held.

    Returns
    -------
    ndarray
        Variances, float64, (galaxies, targets).
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(probabilities.shape)
    squares = np.zeros(probabilities.shape)
    for _ in range(draws):
        fractions = cast_votes(probabilities, n_votes, rng)
        if normalised:
            fractions /= fractions.sum(axis=1, keepdims=True)
        total += fractions
        squares += fractions**2
    return np.maximum(squares - total**2 / draws, 0) / (draws - 1)


EXPECTATION_DRAWS = 1000
"""Elections whose mean stands for the expectation. It is off by a thirtieth of a vote's own noise,
which adds 0.0002 to an RMSE of 0.06."""


def vote_expectation(
    probabilities: np.ndarray, n_votes: np.ndarray, normalised: bool, seed: int = 0
) -> np.ndarray:
    """Return the mean of a galaxy's published fractions over all elections it could have had.

    Exact for raw fractions: a voter who ticks nothing chooses one class by its odds. Of
    normalised fractions, a ratio of random numbers, the mean of `EXPECTATION_DRAWS` elections.

    Parameters
    ----------
    probabilities, n_votes, normalised, seed
        As for `vote_variance`.

    Returns
    -------
    ndarray
        In [0, 1], float64, (galaxies, targets).
    """
    if not normalised:
        odds = probabilities / (1 - probabilities)
        nothing = (1 - probabilities).prod(axis=1, keepdims=True)
        return probabilities + nothing * odds / odds.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    total = np.zeros(probabilities.shape)
    for _ in range(EXPECTATION_DRAWS):
        fractions = cast_votes(probabilities, n_votes, rng)
        total += fractions / fractions.sum(axis=1, keepdims=True)
    return total / EXPECTATION_DRAWS


def expectation_of(
    catalog: pd.DataFrame, survey: Path, targets: list[str], fractions: str
) -> pd.DataFrame | None:
    """Return the expected fractions ``expected_<target>`` of each row; None without the truth."""
    if not (survey / TRUTH).exists():
        return None
    expected = vote_expectation(
        _probabilities(catalog, survey, targets),
        catalog["n_votes"].to_numpy(),
        normalised=fractions == "normalised",
    )
    return pd.DataFrame(expected, catalog.index, [f"{EXPECTED}{target}" for target in targets])


def floor_of(
    catalog: pd.DataFrame, survey: Path, targets: list[str], fractions: str, one_answer: bool
) -> dict[str, float] | None:
    """Return the vote-noise floor of the test split: from the truth, else from `n_votes`.

    Unknown without truth where voters gave more than one answer each and fractions were scaled
    to sum to one: these scatter less than a binomial, by how much depends on the voters.
    """
    test = catalog[catalog["split"] == "test"]
    if "n_votes" not in test:
        return None
    if not (survey / TRUTH).exists():
        if fractions == "normalised" and not one_answer:
            return None
        return noise_floor(sampling_variance(test[targets], test["n_votes"]), targets)

    variance = vote_variance(
        _probabilities(test, survey, targets),
        test["n_votes"].to_numpy(),
        normalised=fractions == "normalised",
        seed=0,
    )
    return noise_floor(variance, targets)


def _probabilities(catalog: pd.DataFrame, survey: Path, targets: list[str]) -> np.ndarray:
    latent = pd.read_parquet(survey / TRUTH).set_index("id").loc[catalog["id"]]
    return latent[[f"p_{target}" for target in targets]].to_numpy()
