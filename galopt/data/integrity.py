"""Whether a dataset on disk is the one that was built: read in full once on a machine."""

import hashlib
import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from platformdirs import user_cache_path

from galopt.data.noise_floor import EXPECTED
from galopt.errors import DataError
from galopt.files import read_json, write_json

logger = logging.getLogger(__name__)

FILES = ("images.npy", "catalog.parquet")
INFO = "dataset.json"
KEY = "sha256"
"""The key of `dataset.json` that holds the checksums of the files, and of the other keys."""
AGAIN = "make it again: uv run dvc repro --force rescale"

ROWS_PER_HASH = 10_000
REMEMBERED = 100
"""Datasets whose check is remembered on a machine."""
LARGE = 1 << 30
"""Bytes from which on the check is announced."""


def seal(folder: Path, info: dict[str, Any]) -> dict[str, Any]:
    """Return what `dataset.json` says, with the checksums of all that the dataset is.

    Parameters
    ----------
    folder : path
        Holds `images.npy` and `catalog.parquet`.
    info : dict
        The content of `dataset.json`: targets, their order, counts, the content's hash.
    """
    return {**info, KEY: {name: _sha256(folder / name) for name in FILES} | {INFO: _digest(info)}}


def verify(folder: Path, info: dict[str, Any], afresh: bool = False) -> None:
    """Read a dataset in full and compare it with its checksums, once on a machine.

    Files whose size, time and inode are those of the last check are believed, but `afresh`.

    Raises
    ------
    DataError
        A file is not the one that was built; the message says which and how to fix it.
    OSError
        A file is missing.
    """
    stamps = {name: _stamp(folder / name) for name in (*FILES, INFO)}
    place = str(folder.resolve())
    if not afresh and _recall().get(place) == stamps:
        return
    if stamps[FILES[0]][0] > LARGE:
        logger.info(f"Checking {folder} in full, once on this machine")
    wrong = _wrong(folder, info) if KEY in info else _wrong_of_old(folder, info)
    if wrong:
        raise DataError(f"{folder}: {wrong} is not what was built; {AGAIN}")
    _remember(place, stamps)


def content_hash(images: Path, catalog: pd.DataFrame) -> str:
    """Return the dataset's name among datasets: of its rows and its pixels, 16 digits.

    Grey images count as if they had no axis of planes, as before version 0.3.
    """
    digest = hashlib.sha256()
    for first in range(0, len(catalog), ROWS_PER_HASH):
        rows = catalog.iloc[first : first + ROWS_PER_HASH]
        digest.update(rows.to_csv(index=False, header=first == 0).encode())
    shape = np.load(images, mmap_mode="r").shape
    digest.update(array_header(shape[:3] if shape[3:] == (1,) else shape))
    with images.open("rb") as stream:
        stream.seek(len(array_header(shape)))
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:16]


def array_header(shape: tuple[int, ...]) -> bytes:
    """Return what a .npy file of levels begins with."""
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def _wrong(folder: Path, info: dict[str, Any]) -> str | None:
    """Return the first part that differs from its checksum."""
    sealed, plain = info[KEY], {key: value for key, value in info.items() if key != KEY}
    if not isinstance(sealed, dict) or sealed.get(INFO) != _digest(plain):
        return INFO
    return next((name for name in FILES if _sha256(folder / name) != sealed.get(name)), None)


def _wrong_of_old(folder: Path, info: dict[str, Any]) -> str | None:
    """Do the same for a dataset of version 0.1, which has the hash of its content alone."""
    catalog = pd.read_parquet(folder / "catalog.parquet")
    catalog = catalog[[name for name in catalog if not str(name).startswith(EXPECTED)]]
    if [name for name in catalog if name in info["targets"]] != info["targets"]:
        return f"the order of targets in {INFO}"
    if content_hash(folder / "images.npy", catalog) != info["hash"]:
        return " or ".join((*FILES, f"the hash in {INFO}"))
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(info: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(info, sort_keys=True).encode()).hexdigest()


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _memory() -> Path:
    return user_cache_path("galopt") / "datasets.json"


def _recall() -> dict[str, Any]:
    try:
        known = read_json(_memory())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(place: str, stamps: dict[str, list[int]]) -> None:
    known = {name: value for name, value in _recall().items() if name != place} | {place: stamps}
    try:
        write_json(_memory(), dict(list(known.items())[-REMEMBERED:]))
    except OSError as error:  # no home, or a full disk: it is read in full each time
        logger.debug(f"{_memory()}: {error}")
