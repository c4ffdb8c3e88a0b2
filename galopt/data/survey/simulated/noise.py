"""The background of the mosaic: correlated noise at three depths."""

import numpy as np
from scipy.ndimage import gaussian_filter

SIGMA = {"wide": (0.0027, 0.0075), "deep": (0.0050, 0.0054), "ers": (0.0033, 0.0042)}
"""Background noise, e-/s per pixel: range by depth, measured from CANDELS GOODS-S stamps."""

SKY = 0.17
"""Sky and dark current, e-/s per mosaic pixel: a source this bright doubles the variance."""

SMOOTHING = 0.68
"""Gaussian sigma, px, that gives white noise the drizzled correlation (.55 at one px)."""


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
