"""What a stamp shows of the sky: where it is centred and how large its field is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np

from galopt.config import Stamps
from galopt.data.imaging.photometry import Photometry, background, centroid, measure
from galopt.data.imaging.pillow_image import MIN_SIDE

Cut = Callable[[tuple[float, float], int], np.ndarray]
"""Offset (x, y) from the galaxy's position and side, px -> float32 (side, side), NaN beyond."""

SMALLEST, LARGEST = 1 / 3, 2
"""Bounds of a field that follows the galaxy's size, in sides of the fixed field; a file that
holds one galaxy has no more to show than itself."""


@dataclass(frozen=True)
class Cutout:
    """A galaxy's own piece of the sky.

    Attributes
    ----------
    image : ndarray
        Unit of the survey, float32, square; the background's level where nothing is known.
    level, sigma : float
        Background of the fixed field around the galaxy's position.
    fixed : ndarray
        That field, as `image`.
    offset : tuple of float
        x and y of the centre of what is shown, px from the galaxy's position.
    noisy : bool
        Whether the image has noise, which `sigma` then is.
    """

    image: np.ndarray
    level: float
    sigma: float
    fixed: np.ndarray
    offset: tuple[float, float] = (0.0, 0.0)
    noisy: bool = True

    @cached_property
    def seen(self) -> Photometry:
        """What the galaxy shows in the fixed field; a prediction does not ask."""
        return measure(self.fixed, self.level, self.sigma)


def frame(cut: Cut, field: int, largest: int, config: Stamps) -> Cutout:
    """Cut out a galaxy as `stamps.centring` and `stamps.field_in_r50` say.

    Background and light are measured on the fixed field around the position given, whatever
    is then shown of it, so a galaxy's stretch and catalogue do not depend on its framing.
    A light centre moves the cut-out by whole pixels: nothing is resampled.

    Parameters
    ----------
    cut : callable
        Cuts from the survey's image; see `Cut`.
    field : int
        Side of the fixed field, px.
    largest : int
        Side of the largest field, px.
    config : Stamps
        Centring, and size of the field in half-light radii.

    Returns
    -------
    Cutout
        Of `field` px, or of between a third of that and `largest` if it follows the size.

    Raises
    ------
    ValueError
        Less than half of the fixed field's pixels hold data; the message is the reason.
    """
    image = cut((0, 0), field)
    level, sigma, noisy = _background(image, config)
    fixed = _filled(image, level)
    plain = Cutout(fixed, level, sigma, fixed, noisy=noisy)
    if config.as_catalogued:
        return plain
    centre = centroid(fixed, level, sigma) if config.centring == "light" else (0.0, 0.0)
    side = side_of(plain.seen.r50, field, largest, config) if config.field_in_r50 else field
    return replace(plain, image=_filled(cut(centre, side), level), offset=centre)


def frame_bands(cuts: Sequence[Cut], field: int, largest: int, config: Stamps) -> list[Cutout]:
    """Cut out a galaxy in several bands, each on its own background, framed as in the last.

    Parameters
    ----------
    cuts : sequence of callable
        One per band.
    field, largest, config
        As for `frame`.

    Raises
    ------
    ValueError
        As `frame` does, of any band.
    """
    last = frame(cuts[-1], field, largest, config)
    side = len(last.image)
    framed = []
    for cut in cuts[:-1]:
        around = cut((0, 0), field)
        level, sigma, noisy = _background(around, config)
        fixed = _filled(around, level)
        image = fixed if config.as_catalogued else _filled(cut(last.offset, side), level)
        framed.append(Cutout(image, level, sigma, fixed, last.offset, noisy))
    return [*framed, last]


def _background(image: np.ndarray, config: Stamps) -> tuple[float, float, bool]:
    """Return level, sigma and whether that is noise: without any, the peak is drawn white."""
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.ptp(edge) == 0 and image.min() == edge[0] < image.max():
        return float(edge[0]), float((image.max() - edge[0]) / config.white), False
    if not holds_data(image):
        raise ValueError("blank: less than half of its pixels hold data")
    return *background(image), True


def holds_data(image: np.ndarray) -> bool:
    """Whether at least half of the pixels were observed: neither NaN nor exactly zero."""
    return bool(np.count_nonzero(np.isfinite(image) & (image != 0)) >= image.size / 2)


def side_of(r50: float, field: int, largest: int, config: Stamps) -> int:
    """Return the side of a galaxy's field, px, from its half-light radius, px."""
    if config.field_in_r50 is None:
        return field
    smallest = max(MIN_SIDE, round(SMALLEST * field))
    return int(np.clip(round(config.field_in_r50 * r50), smallest, largest))


def cut_around(
    data: np.ndarray, position: tuple[float, float], offset: tuple[float, float], side: int
) -> np.ndarray:
    """Cut a square from an image.

    Parameters
    ----------
    data : ndarray
        Any float, (H, W); may be memory-mapped.
    position, offset : tuple of float
        x and y of the galaxy, and from it to the cut-out's centre, px.
    side : int
        Side of the cut-out, px.

    Returns
    -------
    ndarray
        float32, (side, side), native; NaN beyond the image's edge.
    """
    image = np.full((side, side), np.nan, np.float32)
    there, here = [], []
    for axis, length in enumerate(data.shape):
        middle = position[1 - axis] + offset[1 - axis]
        first = ceil(middle - side / 2)
        start, stop = max(first, 0), min(first + side, length)
        there.append(slice(start, max(stop, start)))
        here.append(slice(start - first, max(stop, start) - first))
    image[tuple(here)] = data[tuple(there)]
    return image


def _filled(image: np.ndarray, level: float) -> np.ndarray:
    return np.where(np.isfinite(image), image, np.float32(level))
