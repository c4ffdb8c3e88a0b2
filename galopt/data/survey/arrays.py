"""Galaxies in HDF5 or NPZ arrays, such as Galaxy10 and GalaxyMNIST: one image file for each."""

import re
import zipfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO

import h5py
import numpy as np
import pandas as pd
from astropy.io import fits
from numpy.typing import NDArray
from PIL import Image

from galopt.data.survey.folder_layout import CLASS, SPLIT_NAMES
from galopt.errors import DataError

HDF5 = (".h5", ".hdf5")
ARRAYS = (*HDF5, ".npz")
"""Endings, in any case."""

IMAGES = ("images", "image", "x")
LABELS = ("ans", "labels", "label", "y")
"""Names of the arrays, in any case; `ans` is Galaxy10's."""

PIECE = 64 * 2**20
"""Bytes of images that are read at once."""


def is_array(path: Path) -> bool:
    """Whether a file's ending is that of arrays."""
    return path.suffix.lower() in ARRAYS


def unpack(files: list[Path], out: Path) -> pd.DataFrame:
    """Write each image of some arrays as a file, and return the galaxies as a table.

    Parameters
    ----------
    files : list of path
        HDF5 or NPZ. Each holds images, (N, H, W), (N, H, W, C) or (N, C, H, W), and labels,
        (N,), called as in `IMAGES` and `LABELS`; `ra` and `dec`, (N,), are taken along. A
        file whose name says train, valid or test is that split.
    out : path
        Receives `images/`: PNG of 8-bit levels, or of numbers that lie all within [0, 1];
        FITS of any other numbers.

    Returns
    -------
    DataFrame
        ``id``, ``file`` relative to `out`, ``class`` (the label), ``split``, ``ra`` and
        ``dec`` where known.

    Raises
    ------
    DataError
        A file is damaged or does not hold such arrays.
    """
    (out / "images").mkdir()
    table = pd.concat([_unpack(file, out) for file in files], ignore_index=True)
    return table.set_index(pd.RangeIndex(1, 1 + len(table), name="image"))


def _unpack(path: Path, out: Path) -> pd.DataFrame:
    try:
        shapes = _shapes(path)
        images, labels = _named(shapes, IMAGES), _named(shapes, LABELS)
        columns = {CLASS: _column(path, labels)}
        for name in ("ra", "dec"):
            if shapes.get(name) == shapes[labels]:
                columns[name] = _column(path, name)
        if len(shapes[images]) not in (3, 4) or shapes[labels] != shapes[images][:1]:
            raise ValueError(
                f"images {shapes[images]} and labels {shapes[labels]} do not fit together"
            )
        files = [file.relative_to(out) for file in _write(path, images, out / "images")]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: {' '.join(str(error).split())}") from None
    table = pd.DataFrame({"id": [file.stem for file in files], "file": files} | columns)
    words = re.split(r"[^a-z]+", path.stem.lower())
    splits = [SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES]
    return table.assign(split=splits[0]) if splits else table


def _write(path: Path, name: str, folder: Path) -> Iterator[Path]:
    """Write images one by one, reading a piece at a time; yield their files."""
    number, pictures = 0, None
    for piece in _pieces(path, name):
        if piece.ndim == 4 and piece.shape[1] in (1, 3) and piece.shape[3] not in (1, 3):
            piece = np.moveaxis(piece, 1, 3)
        levels = piece.dtype == np.uint8 or bool(piece.min() >= 0 and piece.max() <= 1)
        if pictures not in (None, levels):
            raise ValueError(f"{name}: only some images lie within [0, 1]")
        pictures = levels
        for image in piece:
            file = folder / f"{path.stem}_{number}{'.png' if pictures else '.fits'}"
            _save(image.squeeze(), file)
            yield file
            number += 1


def _save(image: NDArray, file: Path) -> None:
    if file.suffix == ".fits":
        planes = np.moveaxis(image, 2, 0) if image.ndim == 3 else image
        fits.PrimaryHDU(planes.astype(np.float32)).writeto(file)
        return
    if image.dtype != np.uint8:
        image = np.rint(image * 255).astype(np.uint8)
    Image.fromarray(image).save(file, compress_level=1)


def _named(shapes: dict[str, tuple[int, ...]], names: tuple[str, ...]) -> str:
    found = [name for name in shapes if name.lower() in names]
    if len(found) != 1:
        raise ValueError(
            f"one array called {', '.join(names)} is needed; there are {', '.join(shapes)}"
        )
    return found[0]


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every array."""
    if path.suffix.lower() in HDF5:
        with h5py.File(path) as file:
            return {name: a.shape for name, a in file.items() if isinstance(a, h5py.Dataset)}
    shapes = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                shapes[name.removesuffix(".npy")], _ = _read_header(stream)
    return shapes


def _column(path: Path, name: str) -> NDArray:
    """Return one value per galaxy; whole numbers as int64."""
    if path.suffix.lower() in HDF5:
        with h5py.File(path) as file:
            text = h5py.check_string_dtype(file[name].dtype)
            values = file[name].asstr()[:] if text else file[name][:]
    else:
        with np.load(path, allow_pickle=False) as file:
            values = file[name]
    whole = values.dtype.kind in "iu" or (values.dtype.kind == "f" and (values % 1 == 0).all())
    return values.astype("int64") if whole else values


def _pieces(path: Path, name: str) -> Iterator[NDArray]:
    """Yield an array of images in pieces."""
    if path.suffix.lower() in HDF5:
        with h5py.File(path) as file:
            images = file[name]
            rows = _rows(images.shape, images.dtype)
            for first in range(0, len(images), rows):
                yield images[first : first + rows]
        return
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
        shape, dtype = _read_header(stream)
        rows = _rows(shape, dtype)
        for first in range(0, shape[0], rows):
            part = (min(rows, shape[0] - first), *shape[1:])
            content = stream.read(dtype.itemsize * prod(part))
            yield np.frombuffer(content, dtype).reshape(part)


def _rows(shape: tuple[int, ...], dtype: np.dtype) -> int:
    return max(1, PIECE // max(dtype.itemsize * prod(shape[1:]), 1))


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Read shape and type of an array in the .npy format, up to its first number."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f".npy of version {version}; save it again with numpy.savez")
    form = np.lib.format
    read = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
    shape, by_column, dtype = read(stream)
    if by_column or dtype.hasobject:
        raise ValueError("an array of objects or in Fortran's order; save plain arrays")
    return shape, dtype
