"""Stamps on disk, and the JPEG of 454 px that a stamp cut from the sky is.

One plane or three of the sky are a JPEG, any other number a TIFF with one JPEG page per plane.
The stamp of a picture has the stored side and is written without loss: PNG, or TIFF.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from galopt.data.imaging.bands import GREY
from galopt.files import read_json, write_json

SIDE = 454
"""Side of a stamp cut from the sky, px (Ignat et al. 2016, section 3)."""

_ABOUT = "bands.json"


def describe_stamps(folder: Path, bands: Sequence[str], straight: int | None) -> None:
    """Say in a folder of stamps which planes they have, and the side of those of pictures.

    Grey stamps cut from the sky are not described.
    """
    about = {"bands": list(bands)} | ({"straight": straight} if straight else {})
    if tuple(bands) != GREY or straight:
        write_json(folder / _ABOUT, about)


def read_bands_of(folder: Path) -> list[str]:
    """Return the planes of the stamps in a folder."""
    return _about(folder).get("bands", list(GREY))


def read_straight_side(folder: Path) -> int | None:
    """Return the side of the stamps of pictures in a folder, if any went straight to it."""
    return _about(folder).get("straight")


def _about(folder: Path) -> dict[str, Any]:
    return read_json(folder / _ABOUT) if (folder / _ABOUT).is_file() else {}


def enlarge(planes: NDArray[Any]) -> NDArray[np.uint8]:
    """Resize a galaxy to `SIDE`.

    Parameters
    ----------
    planes : array, shape (H, W, C)
        Levels, uint8, or brightness in [0, 1], float32.
    """
    resized = [_levels(planes[..., number]) for number in range(planes.shape[-1])]
    return resized[0][..., None] if len(resized) == 1 else np.stack(resized, axis=-1)


def reduce(planes: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Bring the central square of levels (H, W, C) to a side, px."""
    height, width = planes.shape[:2]
    square = min(height, width)
    left, top = (width - square) / 2, (height - square) / 2
    box = left, top, left + square, top + square
    pages = [planes] if planes.shape[-1] == 3 else np.moveaxis(planes, -1, 0)
    images = [Image.fromarray(np.ascontiguousarray(page)) for page in pages]
    small = [image.resize((side, side), Image.Resampling.LANCZOS, box=box) for image in images]
    return np.concatenate([np.asarray(i).reshape(side, side, -1) for i in small], axis=-1)


def save_stamp(levels: NDArray[np.uint8], path: Path, quality: int | None) -> str:
    """Write the stamp of a galaxy, levels (S, S, C).

    Parameters
    ----------
    levels : array
    path : path
        Where a grey JPEG goes; the ending becomes that of the format.
    quality : int, optional
        Of the JPEG; without one nothing is lost.

    Returns
    -------
    str
        The file's name.
    """
    one_page = levels.shape[-1] in (1, 3)
    file = path.with_suffix((".jpg" if quality else ".png") if one_page else ".tif")
    encode(levels, file, quality)
    return file.name


def encode(levels: NDArray[np.uint8], file: Any, quality: int | None) -> None:
    """Write levels (S, S, C) to a file or stream as stamps are stored."""
    pages = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(levels, -1, 0)]
    if len(pages) not in (1, 3):
        kind = {"compression": "jpeg", "quality": quality} if quality else {}
        pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:], **kind)
        return
    image = pages[0] if len(pages) == 1 else Image.merge("RGB", pages)
    if quality is None:
        image.save(file, "PNG")
    else:
        sampling = {} if len(pages) == 1 else {"subsampling": 0}
        image.save(file, "JPEG", quality=quality, **sampling)


def through_jpeg(levels: NDArray[np.uint8], quality: int, pixels: int) -> NDArray[np.uint8]:
    """Return what `read_stamp` reads of the stamp that `save_stamp` writes."""
    stream = io.BytesIO()
    encode(levels, stream, quality)
    return read_stamp(stream, pixels)


def read_stamp(file: Any, pixels: int) -> NDArray[np.uint8]:
    """Decode a stamp and rescale it; the decoder of JPEG does most of the reduction.

    Parameters
    ----------
    file : path or stream
    pixels : int

    Returns
    -------
    array, shape (pixels, pixels, C), uint8
    """
    with Image.open(file, formats=("JPEG", "PNG", "TIFF")) as image:
        image.draft(image.mode, (pixels, pixels))
        pages = [_small(image, pixels) for _ in _pages(image)]
    return np.concatenate([page.reshape(pixels, pixels, -1) for page in pages], axis=-1)


def _pages(image: Image.Image) -> Iterator[None]:
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield


def _small(image: Image.Image, pixels: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((pixels, pixels), Image.Resampling.LANCZOS))


def _levels(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Resize levels or brightness to the side of a stamp; return levels."""
    image = Image.fromarray(np.ascontiguousarray(plane))
    values = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    if values.dtype == np.uint8:
        return values
    values = np.clip(values, 0, 1)
    values *= 255
    return np.rint(values, out=values).astype(np.uint8)
