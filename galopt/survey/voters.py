"""The volunteers of a simulated survey: what they see, what they tick."""

import numpy as np
import pandas as pd

from galopt.survey.population import expit, logit

TARGETS = ("spheroid", "disk", "irregular", "point_source", "unclassifiable")
"""The classes of Kartaltepe et al. (2015), table 3; a voter may tick several."""


def tick_probabilities(seen: pd.DataFrame) -> np.ndarray:
    """Return each class's probability of a tick by one voter.

    Parameters
    ----------
    seen : DataFrame
        One row a galaxy: columns of `galopt.survey.population.draw_population`, `depth`,
        `spoilt`, and those of `galopt.photometry.Photometry` measured on the noisy image
        (`r50` in arcsec).

    Returns
    -------
    ndarray
        Probabilities, float64, (galaxies, targets).
    """
    s = np.log10(np.maximum(seen.snr, 1)) - 1.5
    size = np.sqrt(np.maximum(seen.r50**2 - 0.13**2, 0.05**2))
    c = np.log(size / 0.2)
    q = np.asarray(seen.axis_ratio)
    star = np.asarray(seen.star, float)
    spoilt = np.asarray(seen.spoilt, float)
    visible = expit(2.5 * s + 1.5 * c)
    bulge = visible * (logit(np.asarray(seen.bulge)) + 0.226)
    irregular = visible * (logit(np.asarray(seen.disturbance)) + 1.5)
    light = np.asarray((seen.concentration - 2.6) / 0.35)
    lopsided = np.asarray((seen.asymmetry - 0.1) / 0.1)
    bulge = -0.226 + bulge + (1 - visible) * 1.3 * light
    irregular = irregular + (1 - visible) * 1.0 * lopsided
    arms = np.asarray(seen.arms) * visible
    ticks = {
        "spheroid": -0.974 + 0.936 * bulge - 0.197 * irregular * (1 - star) - 0.295 * c - arms,
        "disk": -0.080
        - 0.595 * bulge
        - 1.91 * (q - 0.6)
        + 1.586 * c
        - 0.471 * irregular
        - 1.5 * star
        + arms,
        "irregular": -2.2 + 1.319 * irregular + 0.12 * s + 0.5 * np.minimum(c, 0) - 2 * star,
        "point_source": -3.60 - 3.392 * c + 1.5 * star + 3 * np.asarray(seen.point),
        "unclassifiable": -4.626 - 0.417 * s + 5.448 * spoilt + 0.79 * (seen.depth == "ers"),
    }
    logits = np.stack([np.asarray(ticks[target], float) for target in TARGETS], axis=1)
    logits[:, :4] -= 1.848 * spoilt[:, None]
    return np.clip(expit(logits), 1e-6, 1 - 1e-6)


def draw_voters(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the number of voters of each galaxy, int64, (galaxies,), from its depth.

    Three on the ERS field; three or more on the wide; five or more on the deep, some of
    which all 60 classifiers saw (Kartaltepe et al. 2015, section 3).
    """
    u, extra = rng.uniform(size=len(depth)), rng.integers(0, 2, len(depth))
    wide = np.where(u < 0.8, 3, 4 + extra)
    deep = np.select([u < 0.76, u < 0.92], [5, 6 + extra], 60)
    return np.select([depth == "ers", depth == "wide"], [3, wide], deep)


def cast_votes(
    probabilities: np.ndarray, n_votes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the fraction of voters that tick each class, float64, (galaxies, targets).

    Each voter ticks each class by its probability; one who ticks nothing ticks one class,
    by its odds.

    Parameters
    ----------
    probabilities : ndarray
        Of a tick, (galaxies, targets).
    n_votes : ndarray
        Voters, int, (galaxies,).
    rng : Generator
        Source of randomness.
    """
    galaxy = np.repeat(np.arange(len(n_votes)), n_votes)
    chance = probabilities[galaxy]
    ticks = rng.uniform(size=chance.shape) < chance
    odds = chance / (1 - chance)
    threshold = rng.uniform(size=len(galaxy)) * odds.sum(axis=1)
    favourite = (odds.cumsum(axis=1) < threshold[:, None]).sum(axis=1)
    empty = ~ticks.any(axis=1)
    ticks[empty, favourite[empty]] = True
    starts = np.concatenate([[0], np.cumsum(n_votes)[:-1]])
    return np.add.reduceat(ticks, starts, axis=0, dtype=float) / n_votes[:, None]


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
