"""The vote-noise floor: the error that is left to a perfect predictor, because few people vote."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.data.survey.simulated.voters import cast_votes


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


def floor_of(
    catalog: pd.DataFrame, survey: Path, targets: list[str], fractions: str, one_answer: bool
) -> dict[str, float] | None:
    """Return the vote-noise floor of the test split: from the truth, else from `n_votes`.

    Unknown without truth where voters gave more than one answer each and fractions were scaled
    to sum to one: these scatter less than a binomial, by how much depends on the voters.
    """
    test = catalog[catalog["split"] == "test"]
    truth = survey / "truth.parquet"
    if "n_votes" not in test:
        return None
    if not truth.exists():
        if fractions == "normalised" and not one_answer:
            return None
        return noise_floor(sampling_variance(test[targets], test["n_votes"]), targets)

    latent = pd.read_parquet(truth).set_index("id").loc[test["id"]]
    probabilities = latent[[f"p_{target}" for target in targets]].to_numpy()
    variance = vote_variance(
        probabilities, test["n_votes"].to_numpy(), normalised=fractions == "normalised", seed=0
    )
    return noise_floor(variance, targets)
