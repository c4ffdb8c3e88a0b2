"""Whether the network's view suits the size of the galaxies in their stamps."""

import logging
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from galopt.config import Config
from galopt.data.imaging.photometry import measure
from galopt.data.imaging.stamp_files import SIDE

logger = logging.getLogger(__name__)

SUITED = 4.0
"""Side of a good view in half-light diameters: 3.5 and 4.3 are those of `ignat2016` and `modern`
on the simulated survey, 3.8 that of `modern` on JWST galaxies."""

CUT, SMALL = 1.6, 9.0
"""Sides beyond which galaxies are cut off, or are a few pixels of the view."""

LEAST_FIELD, MOST_FIELD = 0.12, 0.7
"""The least is an eighth of a stamp; what is turned reaches past the edge from 0.707 on."""

_LOOKED_AT = 100
_LEAST_NOISE = 2.0  # levels: skies of pictures are often one level


def warn_of_framing(config: Config, stamps: NDArray[np.uint8]) -> None:
    """Say what to set where the galaxies fill their stamps, or are lost in them.

    Parameters
    ----------
    config : Config
        Its `network` section is used.
    stamps : array, shape (N, S, S, C), uint8
        Of the training galaxies; may be a memory map.
    """
    size = typical_size(stamps)
    network = config.network
    if CUT <= network.field / size <= SMALL:
        return
    field = round(min(SUITED * size, MOST_FIELD), 2)
    found = (
        f"half of a galaxy's light lies within {size:.0%} of its stamp's side (median), and the "
        f"network sees {network.field:.0%} of it"
    )
    if network.field / size < CUT:
        logger.warning(f"{found}, so galaxies are cut off: {_wider(config, field)}")
    elif field < LEAST_FIELD:
        logger.warning(f"{found}: cut smaller stamps about the galaxies")
    else:
        pixels = min(ceil(network.pixels / field), SIDE)
        finer = f", and rescale.pixels: {pixels} in params.yaml" * (pixels > stamps.shape[1])
        logger.warning(f"{found}, so galaxies are small: set network.field={field:g}{finer}")


def _wider(config: Config, field: float) -> str:
    """Return what to do where galaxies are cut off by the view."""
    if field <= config.network.field:
        return "cut larger stamps about them"
    augment = config.augment
    inside = sqrt(0.5) * field * augment.zoom + augment.shift + config.network.recentre <= 0.5
    milder = "" if inside else " network.recentre=0 augment.zoom=1 augment.shift=0"
    return f"set network.field={field:g}{milder}"


def typical_size(stamps: NDArray[np.uint8]) -> float:
    """Return the median diameter of half the light of stamps, in sides of the stamp.

    Parameters
    ----------
    stamps : array, shape (N, S, S, C), uint8
    """
    rows = np.unique(np.linspace(0, len(stamps) - 1, _LOOKED_AT).astype(int))
    return float(np.median([_size(stamps[row].mean(axis=-1)) for row in rows]))


def _size(light: NDArray[np.float64]) -> float:
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    level = float(np.median(edge))
    noise = max(1.4826 * float(np.median(np.abs(edge - level))), _LEAST_NOISE)
    return 2 * measure(light, level, noise).r50 / len(light)
