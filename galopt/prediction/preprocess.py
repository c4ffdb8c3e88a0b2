"""Files of galaxies, on disk or sent as text, to the stamps that a network takes."""

import base64
import binascii
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
from galopt.data.stamps import StampBatch, read_stamp, stamp_chunk
from galopt.errors import DataError

TOGETHER = 64
"""Images whose stamps are made in one piece of work."""

_SIGNATURES = {b"SIMPLE  =": ".fits", b"\x1f\x8b": ".fits.gz"}


def read_chunk(
    chunk: StampBatch, config: Stamps, pixels: int
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

    Returns
    -------
    stamps : array, shape (M, pixels, pixels), uint8
    good : DataFrame
        ``id`` and ``file`` of the M galaxies that could be read.
    bad : DataFrame
        ``id``, ``file`` and ``reason`` of the others.
    """
    rows = chunk.rows.reset_index(drop=True)
    numbered = rows.assign(stamp=[f"{number}.jpg" for number in range(len(rows))])
    with tempfile.TemporaryDirectory() as name:
        made = stamp_chunk(StampBatch(numbered, chunk.tile), config, Path(name))
        rows = rows[["id", "file"]].assign(reason=[row["reason"] for row in made])
        good = rows["reason"].isna()
        stamps = [read_stamp(Path(name) / f"{n}.jpg", pixels) for n in np.flatnonzero(good)]
    shape = (len(stamps), pixels, pixels)
    return np.array(stamps, np.uint8).reshape(shape), rows.loc[good, ["id", "file"]], rows[~good]


def to_stamps(texts: Sequence[str], config: Stamps, pixels: int) -> NDArray[np.uint8]:
    """Make stored stamps of image files that came as base64, on all cores.

    Parameters
    ----------
    texts : sequence of str
        JPEG, PNG, TIFF or FITS files; never a path.
    config, pixels
        As in `read_chunk`.

    Returns
    -------
    array, shape (N, pixels, pixels), uint8

    Raises
    ------
    DataError
        One is no image; the message says which, counted from 0, and why.
    """
    pieces = range(0, len(texts), TOGETHER)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(cores()) as pool:
        read = partial(_read_texts, texts, Path(name), config, pixels)
        return np.concatenate(list(pool.map(read, pieces)))


def _read_texts(
    texts: Sequence[str], folder: Path, config: Stamps, pixels: int, start: int
) -> NDArray[np.uint8]:
    numbers = range(start, min(start + TOGETHER, len(texts)))
    files = [_write(texts[number], number, folder) for number in numbers]
    rows = pd.DataFrame({"id": [f"image {number}" for number in numbers], "file": files})
    stamps, _, bad = read_chunk(StampBatch(rows, None), config, pixels)
    for file in files:
        Path(file).unlink()
    if len(bad):
        raise DataError(f"{bad['id'].iloc[0]}: {bad['reason'].iloc[0]}".replace(f"{folder}/", ""))
    return stamps


def _write(text: str, number: int, folder: Path) -> str:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise DataError(f"image {number}: not base64") from None
    ending = next((s for start, s in _SIGNATURES.items() if content.startswith(start)), ".picture")
    file = folder / f"{number}{ending}"
    file.write_bytes(content)
    return str(file)
