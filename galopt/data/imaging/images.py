"""Reading one image file: a picture for the eye, or numbers with a background."""

import glob
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from astropy.io import fits
from PIL import Image

from galopt.errors import DataError

MAX_PIXELS = 89_478_485
"""Pixels of the largest image that is decoded: Pillow's own limit (`Image.MAX_IMAGE_PIXELS`)."""

MIN_SIDE = 16
"""Side of the smallest image that is of any use, px."""

PICTURES = ("JPEG", "PNG", "TIFF")
"""What Pillow may take a picture for: it knows others, of which EPS starts a program."""

FITS_NAMES = (".fits", ".fit", ".fts", ".fits.gz", ".fits.fz", ".fit.gz")


@dataclass(frozen=True)
class Frame:
    """One image as it was read.

    Attributes
    ----------
    pixels : ndarray
        (H, W); uint8 for a picture, float32 for numbers.
    header : fits.Header
        Empty for a picture.
    """

    pixels: np.ndarray
    header: fits.Header

    @property
    def is_picture(self) -> bool:
        """Whether the pixels are grey levels, already stretched for the eye."""
        return self.pixels.dtype == np.uint8


def read_image(path: Path | str) -> Frame:
    """Read a FITS image or a JPEG, PNG or TIFF picture in grey.

    Parameters
    ----------
    path : path
        The file. Colour is turned to grey, 16-bit pictures to 8 bit.

    Returns
    -------
    Frame
        At least 16 px a side.

    Raises
    ------
    ValueError
        The file is missing, unreadable, truncated, no image, too small or too large to
        decode; the message is the reason.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError("no such file")
    if path.stat().st_size == 0:
        raise ValueError("the file is empty")
    frame = _read_fits(path) if path.name.lower().endswith(FITS_NAMES) else _read_picture(path)
    check_side(frame.pixels.shape)
    return frame


def check_side(shape: tuple[int, ...]) -> None:
    """Raise a ValueError if an image of this shape is too small."""
    if min(shape) < MIN_SIDE:
        raise ValueError(f"{shape[1]}x{shape[0]} px; at least {MIN_SIDE} px a side are needed")


def _read_picture(path: Path) -> Frame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=PICTURES) as image:
                pixels = _grey(image)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise ValueError(f"too large: more than {MAX_PIXELS:,} pixels") from None
        except Exception as error:  # damaged files raise nearly anything from the decoders
            raise ValueError(f"unreadable: {' '.join(str(error).split())}") from None
    return Frame(pixels, fits.Header())


def _grey(image: Image.Image) -> np.ndarray:
    if image.mode == "F":
        return np.asarray(image, np.float32)
    if image.mode.startswith("I"):
        return (np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8)
    return np.asarray(image.convert("L"))


def _read_fits(path: Path) -> Frame:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            with fits.open(path) as hdus:
                hdu = _first_image(hdus)
                if any("truncated" in str(warning.message) for warning in warned):
                    raise ValueError("unreadable: the file is truncated")
                return Frame(np.squeeze(np.asarray(hdu.data)).astype(np.float32), hdu.header)
        except ValueError:
            raise
        except Exception as error:  # damaged files raise nearly anything from the reader
            raise ValueError(f"unreadable: {' '.join(str(error).split())}") from None


def _first_image(hdus: fits.HDUList) -> fits.ImageHDU:
    hdu = next((hdu for hdu in hdus if hdu.is_image and _is_flat(hdu.shape)), None)
    if hdu is None:
        raise ValueError("no two-dimensional image in the file")
    if prod(hdu.shape) > MAX_PIXELS:
        raise ValueError(f"too large: more than {MAX_PIXELS:,} pixels")
    return hdu


def _is_flat(shape: tuple[int, ...]) -> bool:
    """Whether an array is two-dimensional but for axes of length one before the two."""
    return len(shape) >= 2 and all(length == 1 for length in shape[:-2])


SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", *FITS_NAMES)


def find_files(paths: Sequence[str]) -> list[Path]:
    """Return the image files that paths mean, each once.

    Parameters
    ----------
    paths : sequence of str
        Files; folders, searched to their depths for JPEG, PNG, TIFF and FITS names; or
        patterns with ``*``, ``?``, ``**``.

    Raises
    ------
    DataError
        A path means no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        files = _files(path)
        if not files:
            raise DataError(f"{path}: no image there (known are {', '.join(SUFFIXES)})")
        found |= dict.fromkeys(files)
    return list(found)


def image_id(file: Path) -> str:
    """Return a file's name without the ending that says it is an image."""
    ending = max((s for s in SUFFIXES if file.name.lower().endswith(s)), key=len, default="")
    return file.name.removesuffix(file.name[-len(ending) :]) if ending else file.name


def _files(path: str) -> list[Path]:
    if Path(path).is_file():
        return [Path(path)]
    inside = (
        Path(path).rglob("*") if Path(path).is_dir() else map(Path, glob.glob(path, recursive=True))
    )
    return sorted(
        file for file in inside if file.name.lower().endswith(SUFFIXES) and file.is_file()
    )
