"""What spoils a mosaic: edges, streaks and halos, and which galaxies they reach."""

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter

from galopt.data.survey.simulated.population import sources_of

REACH = 42
"""Half side of the patch that an artefact spoils, px: a stamp's."""

NOTICED = 3.0
"""Light that an artefact adds, background sigmas, at which it is noticed."""

AROUND, ENOUGH = 21, 0.05
"""A galaxy is spoilt if this share of the square of so many px about it is."""


def add_artefacts(
    tile: np.ndarray, voted: pd.DataFrame, sigma: np.ndarray, rng: np.random.Generator
) -> list[str]:
    """Put artefacts on the galaxies of a tile that have one, in place.

    Parameters
    ----------
    tile : ndarray
        e-/s, float32, (side, side).
    voted : DataFrame
        The galaxies, with the columns of `galopt.data.survey.simulated.population.Source`.
    sigma : ndarray
        Noise of each row of the tile, e-/s, (side,).
    rng : Generator
        Source of randomness.

    Returns
    -------
    list of str
        What spoils each galaxy: edge, streak or halo of its own, a neighbour's ('beside'),
        or nothing.
    """
    clean = tile.copy()
    own = [
        spoil(tile, galaxy.x, galaxy.y, sigma[round(galaxy.y)], rng) if galaxy.artefact else ""
        for galaxy in sources_of(voted)
    ]
    changed = (np.abs(tile - clean) > NOTICED * sigma[:, None]) | (tile == 0)
    around = uniform_filter(changed.astype(np.float32), AROUND)
    row, column = voted.y.round().astype(int), voted.x.round().astype(int)
    reached = around[row, column] > ENOUGH
    return [kind or ("beside" if hit else "") for kind, hit in zip(own, reached, strict=True)]


def spoil(tile: np.ndarray, x: float, y: float, sigma: float, rng: np.random.Generator) -> str:
    """Put an edge, a streak or a halo beside a position of a tile, in place; name it."""
    kind = str(rng.choice(["edge", "streak", "halo"]))
    x0, y0 = (max(round(value) - REACH, 0) for value in (x, y))
    window = tile[y0 : y0 + 2 * REACH, x0 : x0 + 2 * REACH]
    v, u = np.indices(window.shape, dtype=np.float32)
    u, v = u + np.float32(x0 - x), v + np.float32(y0 - y)
    angle = rng.uniform(0, 2 * np.pi)
    across = u * np.cos(angle) + v * np.sin(angle)
    along = v * np.cos(angle) - u * np.sin(angle)
    if kind == "edge":
        window[across > rng.uniform(1, 10)] = 0
    elif kind == "streak":
        centre, width = rng.uniform(-8, 8), rng.uniform(0.8, 2.5)
        ragged = 1 + 0.4 * np.sin(along / rng.uniform(2, 6))
        fading = np.clip((REACH - np.abs(along)) / 15, 0, 1)
        profile = np.exp(-((across - centre) ** 2) / (2 * width**2))
        window += sigma * rng.uniform(15, 80) * profile * ragged * fading
    else:
        away = np.hypot(across - rng.uniform(2, 15), along)
        radius, width = rng.uniform(10, 20), rng.uniform(3, 8)
        window += sigma * rng.uniform(6, 20) / (1 + np.exp((away - radius) * 4 / width))
    return kind
