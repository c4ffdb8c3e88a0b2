"""The volunteers of a simulated survey: what they see, what they tick."""

import numpy as np
import pandas as pd

from galopt.data.survey.simulated.population import expit
from galopt.data.survey.votes import TARGETS

PSF_R50 = 0.13
"""Half-light radius of a point source in the mosaic, arcsec."""

EDGE_ON = (0.35, 0.6)
"""Axis ratios on the image below which a galaxy is surely edge-on, and above which surely not."""

TASTES = pd.DataFrame(
    {
        "spheroid": [-0.52, 0.98, 0.5, -1.69, -0.64, -1.78, -0.32, 0, 0, 0, -0.19, -2.79, 0],
        "disk": [0.27, -0.9, -2.28, 1, -0.87, 2.2, 1.33, 0, 0, 0, -4.05, -2.91, 0],
        "irregular": [-2.76, -0.3, 0, 0, 1.56, -1.42, -0.71, 0, -0.31, 0, -1, -2.19, 0],
        "point_source": [-3.7, 0.97, 0, 0, -0.55, 0, -3.87, -2.1, 0, 4.8, 1.84, -2.22, 0],
        "unclassifiable": [-4.31, 0, 0, 0, 0, 0, 0, 0, -0.52, 0, 0, 7.43, 0.78],
    },
    index=[
        "constant", "bulge", "roundness", "edge_on", "lopsidedness", "arms", "size", "smallness",
        "light", "nucleus", "star", "artefact", "shallow",
    ],
)  # fmt: skip
"""Logit of a tick per unit of each impression.

Fitted so that votes on simulated galaxies have the marginals and correlations of the 7,567
normalised GOODS-S votes of Kartaltepe et al. (2015, table 3), that bright, smooth, round and
concentrated galaxies are voted spheroid, and edge-on shapes and spiral arms disk.
"""


def impressions(seen: pd.DataFrame) -> pd.DataFrame:
    """Return what a galaxy's image makes a voter think of it.

    Voters judge the image, not the truth: how large a galaxy looks above the noise; how
    compact, round or edge-on, as far as it is bright enough to tell; how lopsided, as far as it
    is also large enough to show it; its bulge, arms and nucleus likewise, arms more so, and all
    three the less, the more its neighbours shine into it. An artefact hides all but its size.

    Parameters
    ----------
    seen : DataFrame
        One row per galaxy, with the columns of `Source` (`population.py`) and of `outlined`
        (`voter_photometry.py`), `depth`, `spoilt` (name of an artefact, or empty) and `snr`
        measured on the noisy image.

    Returns
    -------
    DataFrame
        Columns as the rows of `TASTES`, float64.
    """
    light = np.log10(np.maximum(seen.snr, 1)) - 1.5
    size = np.log(np.sqrt(np.maximum(seen.own_r50**2 - PSF_R50**2, 0.05**2)) / 0.2)
    clear = (seen.spoilt == "").astype(float)
    noticed = clear * expit(5 * (light - 0.1))
    elongated = (EDGE_ON[1] - seen.own_axis_ratio) / (EDGE_ON[1] - EDGE_ON[0])
    shown = clear * expit(4 * (light - 0.35) + 1.5 * size)
    resolved = clear * expit(4 * (light - 0.35) + 4 * (size - 0.5))
    apart = seen.own_share**4
    galaxy = 1.0 - seen.star
    compact = ((seen.own_concentration - 2.726) / 0.392).clip(-2.5, 3)
    return pd.DataFrame(
        {
            "constant": 1.0,
            "bulge": galaxy
            * (0.95 * noticed * compact + 0.7 * apart * shown * (seen.bulge - 0.46)),
            "roundness": noticed * (seen.own_axis_ratio - 0.6),
            "edge_on": galaxy * noticed * elongated.clip(0, 1),
            "lopsidedness": galaxy * 16.8 * shown * seen.own_asymmetry,
            "arms": galaxy * 1.4 * apart * resolved * seen.arms,
            "size": size,
            "smallness": np.minimum(size, 0),
            "light": light,
            "nucleus": galaxy * apart * shown * seen.point,
            "star": seen.star.astype(float),
            "artefact": 1 - clear,
            "shallow": (seen.depth == "ers").astype(float),
        }
    )


def tick_probabilities(seen: pd.DataFrame) -> np.ndarray:
    """Return the probability that a voter ticks each class.

    Parameters
    ----------
    seen : DataFrame
        As for `impressions`.

    Returns
    -------
    ndarray
        Probabilities, float64, (galaxies, targets).
    """
    thought = impressions(seen)
    chances = expit(thought[TASTES.index].to_numpy() @ TASTES[list(TARGETS)].to_numpy())
    return np.clip(chances, 1e-6, 1 - 1e-6)


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
