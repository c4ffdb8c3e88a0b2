"""The galaxies of a simulated field: magnitudes, sizes, shapes and structure."""

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


def draw_population(rng: np.random.Generator, area: float) -> pd.DataFrame:
    """Draw every source of a field down to H = 27, brightest counts first in no order.

    The distributions of sizes, axis ratios and bulge fractions were fitted so that the
    votes on the painted galaxies have the marginals of Kartaltepe et al. (2015).

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    area : float
        Area of the field, square arcminutes.

    Returns
    -------
    DataFrame
        One row a source: `h_mag` (AB), `bulge` (B/T, 0 to 1), `irregular` (0 to 1),
        `re_disk`, `re_bulge` (half-light radii along the major axis, arcsec), `q_disk`,
        `q_bulge` (axis ratios), `n_disk`, `n_bulge` (Sersic indices), `angle` (degrees),
        `arms` (contrast of spiral arms, 0 to 1), `point` (share of light in a nucleus),
        `star` and `artefact` (bool).
    """
    expected = DENSITY * area * 10 ** (SLOPE * (FAINTEST - VOTED))
    count = rng.poisson(expected)
    low, high = 10 ** (SLOPE * BRIGHTEST), 10 ** (SLOPE * FAINTEST)
    h_mag = np.log10(rng.uniform(low, high, count)) / SLOPE
    m = h_mag - 23
    logit_bulge = -0.226 - 0.076 * m + 1.616 * rng.standard_normal(count)
    logit_irregular = -1.586 + 0.365 * m + 1.275 * rng.standard_normal(count) - 0.349 * logit_bulge
    re_disk = np.exp(np.log(0.42) - 0.21 * m + 0.45 * rng.standard_normal(count))
    re_bulge = np.exp(np.log(0.26) - 0.15 * m + 0.60 * rng.standard_normal(count))
    q_disk = np.sqrt(0.96 * rng.uniform(size=count) ** 2.5 + 0.04)
    bulge, irregular = expit(logit_bulge), expit(logit_irregular)
    has_nucleus = rng.uniform(size=count) < 0.051
    return pd.DataFrame(
        {
            "h_mag": h_mag,
            "bulge": bulge,
            "irregular": irregular,
            "re_disk": np.clip(re_disk, 0.03, 3),
            "re_bulge": np.clip(re_bulge, 0.03, 3),
            "q_disk": q_disk,
            "q_bulge": 0.45 + 0.5 * rng.uniform(size=count),
            "n_disk": _steps(rng.normal(0.95, 0.15, count), 0.1, 0.6, 1.4),
            "n_bulge": _steps(rng.normal(3.2, 0.8, count), 0.5, 1.5, 5.0),
            "angle": rng.uniform(0, 180, count),
            "arms": _arms(rng, bulge, irregular, re_disk, q_disk),
            "point": np.where(has_nucleus, rng.uniform(0.15, 0.95, count), 0.0),
            "star": rng.uniform(size=count) < 0.043,
            "artefact": rng.uniform(size=count) < 0.028,
        }
    )


def expit(x: np.ndarray) -> np.ndarray:
    """Return the logistic function of `x`."""
    return 1 / (1 + np.exp(-x))


def logit(p: np.ndarray) -> np.ndarray:
    """Return the log odds of `p`, kept finite at 0 and 1."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _steps(values: np.ndarray, step: float, low: float, high: float) -> np.ndarray:
    """Round Sersic indices, because GalSim tabulates each one that it meets."""
    return np.clip(np.round(values / step) * step, low, high).round(2)


def _arms(
    rng: np.random.Generator,
    bulge: np.ndarray,
    irregular: np.ndarray,
    re_disk: np.ndarray,
    q_disk: np.ndarray,
) -> np.ndarray:
    """Contrast of spiral arms: only orderly, large, not edge-on disks have them."""
    orderly = (1 - bulge) * (1 - irregular)
    able = (re_disk > 0.3) & (q_disk > 0.35)
    return np.where(able, np.clip(1.6 * orderly * rng.uniform(0.2, 1.0, len(bulge)), 0, 1), 0.0)
