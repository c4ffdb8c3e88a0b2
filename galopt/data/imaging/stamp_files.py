"""Stamps on disk: a JPEG of one plane or three, else a TIFF with one JPEG page per plane."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from galopt.data.imaging.bands import GREY
from galopt.files import read_json, write_json

_BANDS = "bands.json"


def write_bands(folder: Path, bands: Sequence[str]) -> None:
    """Say in a folder of stamps which planes they have, unless they are grey."""
    if tuple(bands) != GREY:
        write_json(folder / _BANDS, {"bands": list(bands)})


def read_bands_of(folder: Path) -> list[str]:
    """Return the planes of the stamps in a folder."""
    return read_json(folder / _BANDS)["bands"] if (folder / _BANDS).is_file() else list(GREY)


def save_stamp(planes: NDArray[Any], path: Path, side: int, quality: int) -> str:
    """Resize a galaxy and write its stamp.

    Parameters
    ----------
    planes : array, shape (H, W, C)
        Levels, uint8, or brightness in [0, 1], float32.
    path : path
        Where a grey stamp goes; the ending becomes that of the format.
    side : int
        Of the stamp, px.
    quality : int
        Of the JPEG.

    Returns
    -------
    str
        The file's name.
    """
    resized = [_resized(planes[..., number], side) for number in range(planes.shape[-1])]
    file = path.with_suffix(".jpg" if len(resized) in (1, 3) else ".tif")
    encode(np.stack(resized, axis=-1), file, quality)
    return file.name


def encode(levels: NDArray[np.uint8], file: Any, quality: int) -> None:
    """Write levels (H, W, C) to a file or stream as stamps are stored."""
    pages = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(levels, -1, 0)]
    if len(pages) == 1:
        pages[0].save(file, "JPEG", quality=quality)
    elif len(pages) == 3:
        colour = Image.merge("RGB", pages)
        colour.save(file, "JPEG", quality=quality, subsampling=0)
    else:
        pages[0].save(
            file,
            "TIFF",
            save_all=True,
            append_images=pages[1:],
            compression="jpeg",
            quality=quality,
        )


def read_stamp(file: Path, pixels: int) -> NDArray[np.uint8]:
    """Decode a stamp and rescale it; the decoder of JPEG does most of the reduction.

    Returns
    -------
    array, shape (pixels, pixels, C), uint8
    """
    with Image.open(file, formats=("JPEG", "TIFF")) as image:
        image.draft(image.mode, (pixels, pixels))
        pages = [_small(image, pixels) for _ in _pages(image)]
    return np.concatenate([page.reshape(pixels, pixels, -1) for page in pages], axis=-1)


def _pages(image: Image.Image) -> Iterator[None]:
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield


def _small(image: Image.Image, pixels: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((pixels, pixels), Image.Resampling.LANCZOS))


def _resized(plane: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """Resize levels or brightness to the side of a stamp; return levels."""
    image = Image.fromarray(np.ascontiguousarray(plane))
    resized = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))
    if resized.dtype == np.uint8:
        return resized
    return np.rint(np.clip(resized, 0, 1) * 255).astype(np.uint8)
