"""Image files of galaxies, on disk or as bytes, to the stamps that a network takes."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.compute.devices import cores
from galopt.config import Stamps
from galopt.data.imaging.bands import GREY
from galopt.data.imaging.stamp_batch import StampBatch, draw_chunk
from galopt.errors import DataError

TOGETHER = 64
"""Images whose stamps are made in one piece of work."""


def read_chunk(
    chunk: StampBatch, config: Stamps, pixels: int, bands: Sequence[str] = GREY
) -> tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]:
    """Make stored stamps as the stages `stamps` and `rescale` make them.

    Parameters
    ----------
    chunk : StampBatch
        ``id`` and ``file`` of each galaxy; ``ra`` and ``dec``, too, where it has a tile.
    config : config section
        The stretch of the training stamps.
    pixels : int
        Side of the stored stamps.
    bands : sequence of str
        Their planes.

    Returns
    -------
    stamps : array, shape (M, pixels, pixels, C), uint8
    good : DataFrame
        ``id`` and ``file`` of the M galaxies that could be read.
    bad : DataFrame
        ``id``, ``file`` and ``reason`` of the others.
    """
    rows = chunk.rows.reset_index(drop=True)[["id", "file"]]
    made = draw_chunk(
        chunk, config, bands, pixels, lambda stamp, _: stamp.stored(pixels, config.quality)
    )
    stamps = [stamp for stamp in made if not isinstance(stamp, str)]
    rows["reason"] = [reason if isinstance(reason, str) else None for reason in made]
    good = rows["reason"].isna()
    shape = (len(stamps), pixels, pixels, len(bands))
    return np.array(stamps, np.uint8).reshape(shape), rows.loc[good, ["id", "file"]], rows[~good]


def make_stamps(
    files: Sequence[Path | bytes], config: Stamps, pixels: int, bands: Sequence[str] = GREY
) -> NDArray[np.uint8]:
    """Make stored stamps of image files, on all cores.

    Parameters
    ----------
    files : sequence of path or bytes
        JPEG, PNG, TIFF or FITS files, or their content.
    config, pixels, bands
        As in `read_chunk`.

    Returns
    -------
    array, shape (N, pixels, pixels, C), uint8

    Raises
    ------
    DataError
        One is no image; the message says which, counted from 0, and why.
    """
    pieces = range(0, len(files), TOGETHER)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(cores()) as pool:
        read = partial(_read_files, files, Path(name), config, pixels, bands)
        return np.concatenate(list(pool.map(read, pieces)))


def _read_files(
    files: Sequence[Path | bytes],
    folder: Path,
    config: Stamps,
    pixels: int,
    bands: Sequence[str],
    start: int,
) -> NDArray[np.uint8]:
    numbers = range(start, min(start + TOGETHER, len(files)))
    on_disk = [_on_disk(files[number], number, folder) for number in numbers]
    rows = pd.DataFrame({"id": [str(number) for number in numbers], "file": on_disk})
    stamps, _, bad = read_chunk(StampBatch(rows, None), config, pixels, bands)
    for number, file in zip(numbers, on_disk, strict=True):
        if isinstance(files[number], bytes):
            Path(file).unlink()
    if len(bad):
        number, reason = int(bad["id"].iloc[0]), bad["reason"].iloc[0].replace(f"{folder}/", "")
        name = f" ({files[number]!s})" if isinstance(files[number], Path) else ""
        raise DataError(f"image {number}{name}: {reason}")
    return stamps


def _on_disk(file: Path | bytes, number: int, folder: Path) -> str:
    if isinstance(file, Path):
        return str(file)
    written = folder / str(number)
    written.write_bytes(file)
    return str(written)
