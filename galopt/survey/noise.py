"""The background of the mosaic: correlated noise at three depths, and its artefacts."""

import numpy as np
from scipy.ndimage import gaussian_filter

SIGMA = {"wide": (0.0027, 0.0075), "deep": (0.0050, 0.0054), "ers": (0.0033, 0.0042)}
"""Background noise, e-/s per pixel: range by depth, measured from CANDELS GOODS-S stamps."""

SKY = 0.17
"""Sky and dark current, e-/s per mosaic pixel: a source this bright doubles the variance."""

SMOOTHING = 0.68
"""Gaussian sigma, px, that gives white noise the drizzled correlation (.55 at one px)."""

ARTEFACT_REACH = 42
"""Half side of the patch that an artefact spoils, px: a stamp's."""


def draw_depths(rng: np.random.Generator) -> dict[str, float]:
    """Draw the background noise of a tile's three bands, e-/s per pixel."""
    return {depth: float(rng.uniform(low, high)) for depth, (low, high) in SIGMA.items()}


def sigma_map(depths: dict[str, float], side: int) -> np.ndarray:
    """Return the noise of each row of a tile: wide in the south, deep, ERS in the north.

    The order is that of GOODS-S (Grogin et al. 2011).
    """
    bands = np.array(list(depths.values()), np.float32)
    return bands[np.arange(side) * len(bands) // side]


def add_noise(light: np.ndarray, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return light (e-/s) with background and source noise, correlated as by drizzling."""
    white = rng.standard_normal(light.shape, dtype=np.float32)
    noise = gaussian_filter(white, SMOOTHING, mode="wrap")
    noise /= noise.std()
    return light + noise * sigma[:, None] * np.sqrt(1 + np.maximum(light, 0) / SKY)


def spoil(tile: np.ndarray, x: float, y: float, sigma: float, rng: np.random.Generator) -> str:
    """Put an edge, a streak or a halo beside a position of a tile, in place; name it."""
    kind = str(rng.choice(["edge", "streak", "halo"]))
    x0, y0 = (max(round(value) - ARTEFACT_REACH, 0) for value in (x, y))
    window = tile[y0 : y0 + 2 * ARTEFACT_REACH, x0 : x0 + 2 * ARTEFACT_REACH]
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
        fading = np.clip((ARTEFACT_REACH - np.abs(along)) / 15, 0, 1)
        profile = np.exp(-((across - centre) ** 2) / (2 * width**2))
        window += sigma * rng.uniform(15, 80) * profile * ragged * fading
    else:
        away = np.hypot(across - rng.uniform(2, 15), along)
        radius, width = rng.uniform(10, 20), rng.uniform(3, 8)
        window += sigma * rng.uniform(6, 20) / (1 + np.exp((away - radius) * 4 / width))
    return kind
