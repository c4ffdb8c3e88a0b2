"""The galaxies of a simulated field: magnitudes, sizes, shapes and structure."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

FAINTEST = 27.0
"""H (AB mag) down to which neighbours are painted."""

VOTED = 24.5
"""Galaxies brighter than this H (AB mag) are voted on (Kartaltepe et al. 2015, section 2)."""

BRIGHTEST = 17.5
SLOPE = 0.27
"""Number counts, dex per mag, measured from the COSMOS F160W catalogue of 3D-HST."""

DENSITY = 51.4
"""Galaxies with H < 24.5 per square arcminute, from the same catalogue."""


SPHEROIDS = 0.32
"""Share of spheroids among galaxies of H = 23.

With it the Sersic indices of galaxies with H < 24.5 have nearly the percentiles (16, 50, 84) of
the same catalogue's GALFIT fits: 0.7, 1.4, 3.
"""


class Source(NamedTuple):
    """One source of a simulated field.

    Attributes
    ----------
    h_mag : float
        H, AB mag.
    bulge, disturbance : float
        Share of the light in the bulge; how disturbed the disk is. Both 0 to 1.
    re_disk, re_bulge : float
        Half-light radii along the major axis, arcsec.
    q_disk, q_bulge : float
        Axis ratios.
    n_disk, n_bulge : float
        Sersic indices.
    angle : float
        Of the major axis, degrees.
    arms : float
        Contrast of the spiral arms, 0 to 1.
    point : float
        Share of the light in a nucleus.
    star, artefact : bool
        Whether it is a star; whether an artefact of the image lies on it.
    x, y : float
        Position, px from the centre of the tile's first.
    """

    h_mag: float
    bulge: float
    disturbance: float
    re_disk: float
    re_bulge: float
    q_disk: float
    q_bulge: float
    n_disk: float
    n_bulge: float
    angle: float
    arms: float
    point: float
    star: bool
    artefact: bool
    x: float
    y: float


def sources_of(table: pd.DataFrame) -> Iterator[Source]:
    """Yield the rows of a table that has the columns of `Source`."""
    return map(Source._make, table[list(Source._fields)].itertuples(index=False, name=None))


def draw_population(rng: np.random.Generator, side: int, scale: float) -> pd.DataFrame:
    """Draw every source of a square field down to H = 27.

    A galaxy is a spheroid (Sersic index about 3.5, no flatter than E5 to its outskirts) or a disk
    (index about 0.9, seen at any angle) with a small bulge, seldom in between. The sizes were
    fitted so that the votes on the painted galaxies have the marginals of Kartaltepe et al.
    (2015).

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    side : int
        Side of the field, px.
    scale : float
        Pixel, arcsec.

    Returns
    -------
    DataFrame
        One row a source, with the columns of `Source`.
    """
    area = (side * scale / 60) ** 2
    count = rng.poisson(DENSITY * area * 10 ** (SLOPE * (FAINTEST - VOTED)))
    low, high = 10 ** (SLOPE * BRIGHTEST), 10 ** (SLOPE * FAINTEST)
    h_mag = np.log10(rng.uniform(low, high, count)) / SLOPE
    m = h_mag - 23
    logit_bulge = _logit_bulge(rng, m)
    logit_disturbance = (
        -1.586 + 0.365 * m + 1.275 * rng.standard_normal(count) - 0.349 * logit_bulge
    )
    bulge, disturbance = expit(logit_bulge), expit(logit_disturbance)
    re_disk = np.exp(np.log(0.42) - 0.21 * m + 0.45 * rng.standard_normal(count))
    re_bulge = np.exp(np.log(0.26) - 0.15 * m + 0.60 * rng.standard_normal(count))
    re_bulge *= 0.35 + 0.65 * bulge
    q_disk = np.sqrt(0.96 * rng.uniform(size=count) ** 2.5 + 0.04)
    q_bulge = 0.5 + 0.5 * rng.uniform(size=count)
    q_disk = np.where(bulge > 0.6, q_bulge, q_disk)
    has_nucleus = rng.uniform(size=count) < 0.051
    return pd.DataFrame(
        {
            "h_mag": h_mag,
            "bulge": bulge,
            "disturbance": disturbance,
            "re_disk": np.clip(re_disk, 0.03, 3),
            "re_bulge": np.clip(re_bulge, 0.03, 3),
            "q_disk": q_disk,
            "q_bulge": q_bulge,
            "n_disk": _steps(rng.normal(0.9, 0.25, count), 0.1, 0.5, 1.5),
            "n_bulge": _steps(rng.normal(3.6, 0.7, count), 0.5, 1.5, 5.0),
            "angle": rng.uniform(0, 180, count),
            "arms": _arms(rng, bulge, disturbance, re_disk, q_disk),
            "point": np.where(has_nucleus, rng.uniform(0.15, 0.95, count), 0.0),
            "star": rng.uniform(size=count) < 0.043,
            "artefact": rng.uniform(size=count) < 0.02,
            "x": rng.uniform(0, side, count),
            "y": rng.uniform(0, side, count),
        }
    )


def _logit_bulge(rng: np.random.Generator, m: np.ndarray) -> np.ndarray:
    """Draw the logit of the bulge's share of the light: few galaxies lie between the peaks."""
    early = rng.uniform(size=len(m)) < np.clip(SPHEROIDS - 0.03 * m, 0, 1)
    scatter = rng.standard_normal(len(m))
    return np.where(early, 2.2 + 0.8 * scatter, -2.0 + 1.1 * scatter)


def expit(x: np.ndarray) -> np.ndarray:
    """Return the logistic function of `x`."""
    return 1 / (1 + np.exp(-x))


def _steps(values: np.ndarray, step: float, low: float, high: float) -> np.ndarray:
    """Round Sersic indices, because GalSim tabulates each one that it meets."""
    return np.clip(np.round(values / step) * step, low, high).round(2)


def _arms(
    rng: np.random.Generator,
    bulge: np.ndarray,
    disturbance: np.ndarray,
    re_disk: np.ndarray,
    q_disk: np.ndarray,
) -> np.ndarray:
    """Contrast of spiral arms: only orderly, large, dominant, not edge-on disks have them."""
    orderly = (1 - bulge) * (1 - disturbance)
    able = (re_disk > 0.3) & (q_disk > 0.35) & (bulge < 0.5) & (rng.uniform(size=len(bulge)) < 0.7)
    return np.where(able, np.clip(2 * orderly * rng.uniform(0.3, 1.0, len(bulge)), 0, 1), 0.0)
