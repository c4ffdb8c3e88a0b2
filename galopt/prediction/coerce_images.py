"""What `MorphologyModel.predict` may be given, told apart: stored stamps or image files."""

import base64
import binascii
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from galopt.errors import DataError

EXPECTED = (
    "give paths, bytes or base64 texts of JPEG, PNG, TIFF or FITS files, "
    "or uint8 arrays (H, W) or (H, W, 3)"
)
_LONGEST_PATH = 4096
"""Characters of the longest path, PATH_MAX of Linux; a longer text is content."""


def stored_or_files(
    images: Any, side: int, paths: bool = True, planes: int = 1
) -> NDArray[np.uint8] | list[Path | bytes]:
    """Return the stored stamps that were given, or image files to make stamps of.

    Parameters
    ----------
    images : sequence or array
        As for `MorphologyModel.predict`.
    side : int
        Side of the stored stamps, px. Arrays of this size alone are stored stamps.
    paths : bool
        Whether a text may name a file.
    planes : int
        Of the stored stamps.

    Returns
    -------
    array, shape (N, side, side, planes), uint8, or list of path or bytes

    Raises
    ------
    DataError
        An image is none of these; the message says which, counted from 0.
    """
    items = _listed(images)
    if not items:
        raise DataError(f"no image: {EXPECTED}")
    shape = (side, side, planes)
    if isinstance(images, np.ndarray) and images.dtype == np.uint8 and _stored(items, shape):
        return images.reshape(-1, *shape)
    known = [_known(item, number, paths, planes) for number, item in enumerate(items)]
    if _stored(known, shape):
        return np.stack([np.asarray(item, np.uint8) for item in known]).reshape(-1, *shape)
    return [_file(item) if isinstance(item, np.ndarray) else item for item in known]


def _listed(images: Any) -> Sequence[Any]:
    """Return the single images; one alone is a list of one."""
    if isinstance(images, np.ndarray):
        alone = images.ndim == 2 or (images.ndim == 3 and images.shape[-1] == 3)
        return [images] if alone or not images.ndim else list(images)
    if isinstance(images, list | tuple | pd.Series):
        return list(images)
    return [images]


def _stored(items: Sequence[Any], shape: tuple[int, int, int]) -> bool:
    shapes = {shape, shape[:2]} if shape[2] == 1 else {shape}
    return all(isinstance(item, np.ndarray) and item.shape in shapes for item in items)


def _known(item: Any, number: int, paths: bool, planes: int) -> Path | bytes | NDArray[np.uint8]:
    if isinstance(item, bytes | bytearray):
        return bytes(item)
    if isinstance(item, str):
        return _text(item, number, paths)
    if isinstance(item, Path) and paths:
        return item
    if isinstance(item, list | np.ndarray):
        return _levels(item, number, planes)
    raise DataError(f"image {number}: {type(item).__name__} is no image; {EXPECTED}")


def _text(text: str, number: int, paths: bool) -> Path | bytes:
    """Return the file that a text names, or the content that it is in base64."""
    if paths and len(text) < _LONGEST_PATH and _is_file(text):
        return Path(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        shown = f"no such file, and not base64: {text[:200]}" if paths else "not base64"
        raise DataError(f"image {number}: {shown}") from None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a name too long for a file, a zero byte
        return False


def _levels(item: Any, number: int, planes: int) -> NDArray[np.uint8]:
    """Return the grey levels or colours of an array; refuse what may mean something else."""
    try:
        array = np.asarray(item)
        if array.dtype == object:
            array = array.astype(float)
    except (TypeError, ValueError):
        raise DataError(f"image {number}: holds more than numbers; {EXPECTED}") from None
    if array.dtype.kind not in "uif":
        raise DataError(f"image {number}: an array of {array.dtype}; {EXPECTED}")
    if array.ndim != 2 and array.shape[2:] not in {(3,), (planes,)}:
        raise DataError(f"image {number}: shape {array.shape}; {EXPECTED}")
    if not array.size:
        raise DataError(f"image {number}: shape {array.shape} holds no pixel; {EXPECTED}")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "f" and ((array >= 0) & (array <= 1)).all():
        raise DataError(
            f"image {number}: floats from 0 to 1 may be brightness or grey levels near black; "
            "give grey levels, (255 * image).round().astype('uint8'), or a FITS file"
        )
    if not ((array >= 0) & (array <= 255) & (array == np.rint(array))).all():
        raise DataError(
            f"image {number}: a grey level is no whole number from 0 to 255; "
            "give uint8, or a FITS file of the fluxes"
        )
    return array.astype(np.uint8)


def _file(array: NDArray[np.uint8]) -> bytes:
    """Return an array as the file that it could have come from: PNG, or TIFF of many planes."""
    file = io.BytesIO()
    if array.ndim == 2 or array.shape[2] == 3:
        Image.fromarray(array).save(file, "PNG", compress_level=1)
    else:
        first, *pages = (Image.fromarray(plane) for plane in np.moveaxis(array, -1, 0).copy())
        first.save(file, "TIFF", save_all=True, append_images=pages)
    return file.getvalue()
