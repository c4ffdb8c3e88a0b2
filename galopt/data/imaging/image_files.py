"""Reading one image file: an image for the eye, or numbers with a background."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from galopt.data.imaging.fits_cards import is_fits
from galopt.data.imaging.fits_image import read_fits
from galopt.data.imaging.pillow_image import MIN_SIDE, Needed, read_picture
from galopt.errors import DataError

FITS_NAMES = (".fits", ".fit", ".fts", ".fits.gz", ".fits.fz", ".fit.gz")
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", *FITS_NAMES)

COLOURS = ("red", "green", "blue")
"""The planes of a colour image."""


@dataclass(frozen=True)
class Frame:
    """One image as it was read.

    Attributes
    ----------
    pixels : ndarray
        (H, W), or (H, W, C) of several planes; uint8 for an image, float32 for numbers.
    header : fits.Header
        Empty for an image.
    bands : tuple of str
        Names of the planes; empty where the file does not name them.
    """

    pixels: np.ndarray
    header: fits.Header
    bands: tuple[str, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether the pixels are levels, already stretched for the eye."""
        return self.pixels.dtype == np.uint8

    @property
    def planes(self) -> int:
        """How many planes there are."""
        return 1 if self.pixels.ndim == 2 else self.pixels.shape[2]


def read_image(path: Path | str, bands: Sequence[str] = (), needed: Needed | None = None) -> Frame:
    """Read a FITS image or a JPEG, PNG or TIFF image; FITS is known by its first bytes.

    Parameters
    ----------
    path : path
        The file. Images of 16 bits become 8-bit levels of the range that they use.
    bands : sequence of str
        Names of the planes wanted, for FITS files whose extensions are called so.
    needed : Needed, optional
        What is needed of an image; see `galopt.data.imaging.pillow_image.read_picture`.

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
    try:
        with path.open("rb") as stream:
            start = stream.read(10)
    except OSError as error:
        lost = isinstance(error, FileNotFoundError | IsADirectoryError)
        raise ValueError("no such file" if lost else f"unreadable: {error.strerror}") from None
    if not start:
        raise ValueError("the file is empty")
    frame = _read_fits(path, bands) if is_fits(start) else _read_picture(path, needed)
    check_side(frame.pixels.shape)
    return frame


def check_side(shape: tuple[int, ...]) -> None:
    """Raise a ValueError if an image of this shape is too small."""
    height, width = shape[:2]
    if min(height, width) < MIN_SIDE:
        raise ValueError(f"{width}x{height} px; at least {MIN_SIDE} px a side are needed")


def _read_fits(path: Path, bands: Sequence[str]) -> Frame:
    pixels, header, names = read_fits(path, bands)
    return Frame(pixels, header, tuple(names))


def _read_picture(path: Path, needed: Needed | None) -> Frame:
    if path.name.lower().endswith(FITS_NAMES):
        raise ValueError("unreadable: not a FITS file, by its first bytes")
    pixels = read_picture(path, needed)
    colours = COLOURS if pixels.ndim == 3 and pixels.shape[2] == 3 else ()
    return Frame(pixels, fits.Header(), colours)


def find_files(paths: Sequence[str]) -> list[Path]:
    """Return the image files that paths mean, each once.

    Parameters
    ----------
    paths : sequence of str
        Files; folders, searched to their depths, links followed, for JPEG, PNG, TIFF and FITS
        names; or patterns with ``*``, ``?``, ``**``. Hidden files and what macOS puts into
        archives (`._name`, `__MACOSX`) are no images.

    Raises
    ------
    DataError
        A path means no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not glob.has_magic(path) and not Path(path).exists():
            raise DataError(f"there is no {path}: name images, folders of images or patterns")
        files = _files(path)
        if not files:
            raise DataError(f"{path}: no image there (known are {', '.join(SUFFIXES)})")
        found |= dict.fromkeys(files)
    return list(found)


def image_id(file: Path) -> str:
    """Return a file's name without the ending that says it is an image, and without its band."""
    ending = max((s for s in SUFFIXES if file.name.lower().endswith(s)), key=len, default="")
    name = file.name.removesuffix(file.name[-len(ending) :]) if ending else file.name
    return re.sub(r"[._-]?\{band\}", "", name)


def image_ids(files: Sequence[Path]) -> list[str]:
    """Return an id for each file: its name, with its folders where names alone are not unique."""
    names = [image_id(file) for file in files]
    if len(set(names)) == len(names):
        return names
    common = Path(os.path.commonpath([file.absolute().parent for file in files]))
    folders = [file.absolute().parent.relative_to(common) for file in files]
    return [(folder / name).as_posix() for folder, name in zip(folders, names, strict=True)]


def _files(path: str) -> list[Path]:
    if Path(path).is_file():
        return [Path(path)]
    inside = _walk(Path(path)) if Path(path).is_dir() else map(Path, _matches(path))
    return sorted(
        file for file in inside if file.name.lower().endswith(SUFFIXES) and file.is_file()
    )


def _matches(pattern: str) -> Iterator[str]:
    return (path for path in glob.glob(pattern, recursive=True) if "__MACOSX" not in path)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; a folder that links lead to twice is entered once."""
    entered: set[str] = set()
    for name, folders, files in os.walk(folder, followlinks=True):
        if os.path.realpath(name) in entered:
            folders.clear()
            continue
        entered.add(os.path.realpath(name))
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__MACOSX")
        yield from (Path(name) / file for file in files if not file.startswith("."))
