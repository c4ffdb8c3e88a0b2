"""Which galaxies to predict: image files, or positions in mosaics."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table

from galopt.data.imaging.images import image_id
from galopt.data.imaging.mosaic import assign_tiles, check_mosaic
from galopt.data.stamps import StampBatch
from galopt.errors import DataError
from galopt.prediction.preprocess import TOGETHER

CATALOGUES = {".csv": "csv", ".parquet": "parquet", ".fits": "fits", ".vot": "votable"}
"""Endings of the catalogues that can be read, and what astropy calls them."""

_COLUMNS = ["id", "ra", "dec"]


def stamps_in(files: Sequence[Path]) -> list[StampBatch]:
    """Return the work of reading stamps, one galaxy in the centre of each file."""
    galaxies = {"id": [image_id(file) for file in files], "file": list(map(str, files))}
    return _pieces(pd.DataFrame(galaxies), None)


def positions_in(catalogue: Path, mosaics: Sequence[Path]) -> list[StampBatch]:
    """Return the work of cutting stamps around positions, mosaic by mosaic.

    Parameters
    ----------
    catalogue : path
        A table with columns ``id``, ``ra`` and ``dec`` (degrees) in any case: .csv,
        .parquet, .fits or .vot.
    mosaics : sequence of path
        FITS images with celestial coordinates. A galaxy is cut from the one in which it
        lies deepest, memory-mapped; in none, it will be rejected as outside.

    Raises
    ------
    DataError
        A file is missing or not what it must be.
    """
    galaxies = read_catalogue(catalogue)
    for mosaic in mosaics:
        check_mosaic(mosaic)
    inside = assign_tiles(list(mosaics), galaxies["ra"].to_numpy(), galaxies["dec"].to_numpy())
    galaxies["file"] = [str(mosaics[number]) if number >= 0 else "" for number in inside]
    tiles = [(number, mosaics[number] if number >= 0 else None) for number in np.unique(inside)]
    return [piece for number, tile in tiles for piece in _pieces(galaxies[inside == number], tile)]


def read_catalogue(path: Path) -> pd.DataFrame:
    """Read ``id`` (text), ``ra`` and ``dec`` (degrees) of a table.

    Raises
    ------
    DataError
        The file is no table, a column is missing, or a position is not on the sky.
    """
    if path.suffix not in CATALOGUES:
        raise DataError(f"{path}: unknown kind of table; choose one of {', '.join(CATALOGUES)}")
    try:
        table = _read_table(path)
    except Exception as error:  # damaged files raise nearly anything from the readers
        reason = "no such file" if not path.is_file() else " ".join(str(error).split())
        raise DataError(f"{path}: not a table: {reason}") from None
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise DataError(
            f"{path}: no column {' and '.join(missing)}; there are {', '.join(map(str, table))}"
        )
    if table.empty:
        raise DataError(f"{path}: the table has no rows")
    table = table[_COLUMNS].astype({"id": str})
    for name, low, high in (("ra", 0, 360), ("dec", -90, 90)):
        table[name] = pd.to_numeric(table[name], errors="coerce")
        wrong = ~table[name].between(low, high)
        if wrong.any():
            galaxy = table["id"][wrong].iloc[0]
            raise DataError(f"{path}, id {galaxy}: {name} is not within {low} and {high} degrees")
    return table


def _pieces(galaxies: pd.DataFrame, tile: Path | None) -> list[StampBatch]:
    starts = range(0, len(galaxies), TOGETHER)
    return [StampBatch(galaxies.iloc[start : start + TOGETHER], tile) for start in starts]


def _read_table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        table = pd.read_csv(path, dtype=str)
    elif path.suffix == ".parquet":
        table = pd.read_parquet(path)
    else:
        columns = Table.read(path, format=CATALOGUES[path.suffix])
        columns.convert_bytestring_to_unicode()
        table = columns[[name for name in columns.colnames if columns[name].ndim == 1]].to_pandas()
    return table.rename(columns=str.lower)
