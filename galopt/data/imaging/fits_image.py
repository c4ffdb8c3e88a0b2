"""The image of a FITS file: which of its extensions it is, and which axis holds the planes."""

import re
import warnings
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
from astropy.io import fits

from galopt.data.imaging.fits_cards import Extension, read_extensions
from galopt.data.imaging.pillow_image import MAX_PIXELS, MIN_SIDE

_BESIDE = re.compile(
    r"(I?VAR|INVVAR|VARIANCE|ERR|ERROR|SIGMA|RMS|STD|NOISE|WHT|WEIGHT|EXP|EXPTIME|CON|CTX|DQ|QUAL"
    r"|MASK|SEG|SEGMAP|PSF|BKG|BACKGROUND|MODEL|RESIDUAL)([ _.-]?\d*)"
)
"""Names of extensions that lie beside a science image."""

_CELESTIAL = re.compile(r"(RA--|DEC-|[A-Z]LON|[A-Z]LAT|[A-Z]{2}LN|[A-Z]{2}LT)")


def read_fits(path: Path, bands: Sequence[str]) -> tuple[np.ndarray, fits.Header, list[str]]:
    """Read the science image of a FITS file.

    The extensions that are named as the bands are; else the one called SCI; else the image of
    the primary header; else the only one that is not a weight, an error or the like.

    Parameters
    ----------
    path : path
        Packed by gzip or not, compressed or not.
    bands : sequence of str
        Names of the planes wanted; may be empty.

    Returns
    -------
    pixels : ndarray
        float32, (H, W), or (H, W, C) of several planes.
    header : fits.Header
        Of the image; of several extensions, of the last.
    names : list of str
        Of the planes; empty where the file does not name them.

    Raises
    ------
    ValueError
        There is no image, or not one alone that could be meant; the message is the reason.
    """
    chosen, names = _choose(read_extensions(path, MAX_PIXELS), bands)
    if sum(prod(extension.shape) for extension in chosen) > MAX_PIXELS:
        raise ValueError(f"too large: more than {MAX_PIXELS:,} pixels")
    with warnings.catch_warnings(action="ignore"):
        try:
            with fits.open(path) as hdus:
                images = [_planes(hdus[extension.index]) for extension in chosen]
                header = hdus[chosen[-1].index].header
        except ValueError:
            raise
        except Exception as error:  # damaged files raise nearly anything from the reader
            raise ValueError(f"unreadable: {' '.join(str(error).split())}") from None
    if len(images) == 1:
        return images[0], header, names
    if {image.shape for image in images} != {images[0].shape} or images[0].ndim != 2:
        sizes = ", ".join("x".join(map(str, image.shape[::-1])) for image in images)
        raise ValueError(f"the bands have different sizes: {sizes} px")
    return np.stack(images, axis=-1), header, names


def science_image(extensions: Sequence[Extension]) -> Extension:
    """Return the extension that holds the science image of a file.

    Raises
    ------
    ValueError
        There is none, or there are several; the message is the reason.
    """
    images = [extension for extension in extensions if _is_image(extension.shape)]
    for wanted in (lambda e: e.name == "SCI", lambda e: e.index == 0):
        if found := next(filter(wanted, images), None):
            return found
    science = [e for e in images if not _BESIDE.fullmatch(e.name)]
    if len(science) == 1:
        return science[0]
    if not images:
        raise ValueError("no two-dimensional image in the file")
    names = ", ".join(e.name or f"extension {e.index}" for e in science or images)
    raise ValueError(
        f"no image in the file is called SCI; there are {names}: name those that are planes in "
        "survey.bands"
    )


def _choose(extensions: list[Extension], bands: Sequence[str]) -> tuple[list[Extension], list[str]]:
    """Return the extensions that hold the planes, and the planes' names where they have some."""
    named = {e.name: e for e in extensions if e.name and _is_image(e.shape)}
    found = [named[band.upper()] for band in bands if band.upper() in named]
    if not found:
        return [science_image(extensions)], []
    if len(found) < len(bands):
        missing = [band for band in bands if band.upper() not in named]
        raise ValueError(f"no band {' and '.join(missing)} among {', '.join(named)}")
    return found, list(bands)


def _is_image(shape: tuple[int, ...]) -> bool:
    """Whether an array has two axes, or three, beside those of length one."""
    return len(shape) >= 2 and len([side for side in shape if side > 1]) <= 3


def _planes(hdu: fits.ImageHDU) -> np.ndarray:
    """Return an image as float32, (H, W), or (H, W, C) of a cube."""
    shape = hdu.shape
    if len(shape) == 2:
        return np.asarray(hdu.data).astype(np.float32)
    axes = [axis for axis, side in enumerate(shape) if side > 1]
    image = np.asarray(hdu.data).astype(np.float32)
    if len(axes) < 3:
        kept = sorted(set(axes) | set(range(len(shape) - 2, len(shape))))[-2:]
        return image.reshape([shape[axis] for axis in kept])
    sides = [shape[axis] for axis in axes]
    kinds = [str(hdu.header.get(f"CTYPE{len(shape) - axis}", "")) for axis in axes]
    at = _plane_axis(sides, [bool(_CELESTIAL.match(kind.upper())) for kind in kinds])
    return np.moveaxis(image.reshape(sides), at, -1)


def _plane_axis(sides: list[int], celestial: list[bool]) -> int:
    """Return which of three axes counts the planes: what is not on the sky, or the short one."""
    if sum(celestial) == 2:
        at = celestial.index(False)
    else:
        at = 2 if sides[2] < MIN_SIDE <= min(sides[:2]) else 0
    if sides[at] >= MIN_SIDE:
        said = "x".join(map(str, sides[::-1]))
        raise ValueError(f"a cube of {said}: fewer than {MIN_SIDE} planes can be taken")
    return at
