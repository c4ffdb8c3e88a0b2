"""Stamps as people see them: grey, or the planes as one colour image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.visualization import make_lupton_rgb
from numpy.typing import NDArray

from galopt.data.imaging.image_files import COLOURS


def composite(stamp: NDArray[Any], bands: Sequence[str]) -> NDArray[np.uint8]:
    """Return a stamp as an image.

    One plane is grey, and red, green and blue are what they say. Other planes are taken for
    bands from blue to red: the last becomes red, the middle one green and the first blue, by
    Lupton et al. (2004), which keeps the colour where a pixel saturates. The planes are
    already stretched, so this is linear.

    Parameters
    ----------
    stamp : array, shape (H, W, C), in grey also (H, W); uint8
    bands : sequence of str, length C

    Returns
    -------
    array, shape (H, W) or (H, W, 3), uint8
    """
    if len(bands) == 1:
        return np.ascontiguousarray(stamp.reshape(stamp.shape[:2]))
    names = [band.lower() for band in bands]
    if sorted(names) == sorted(COLOURS):
        return np.ascontiguousarray(stamp[..., [names.index(colour) for colour in COLOURS]])
    values = stamp.astype(np.float64) / 255
    red, green, blue = values[..., -1], _middle(values), values[..., 0]
    return make_lupton_rgb(red, green, blue, minimum=0, stretch=1, Q=0)


def composites(stamps: NDArray[Any], bands: Sequence[str]) -> NDArray[np.uint8]:
    """Return stamps (N, H, W, C) as images, (N, H, W) or (N, H, W, 3)."""
    shape = stamps.shape[1:3] if len(bands) == 1 else (*stamps.shape[1:3], 3)
    pictures = [composite(stamp, bands) for stamp in stamps]
    return np.array(pictures, np.uint8).reshape(len(stamps), *shape)


def _middle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle plane, or the mean of the middle two."""
    planes = values.shape[-1]
    return values[..., (planes - 1) // 2 : planes // 2 + 1].mean(axis=-1)
