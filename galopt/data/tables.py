"""Tables that people bring: votes and catalogues, read alike from every usual format."""

import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from galopt.data.delimited import EXACT, check_names, read_delimited
from galopt.errors import DataError

FORMATS = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".parquet": "Parquet",
    ".fits": "FITS",
    ".fit": "FITS",
    ".vot": "VOTable",
    ".xml": "VOTable",
}
"""Formats by ending, in any case."""

RANGES = {"ra": (0, 360), "dec": (-90, 90)}
"""Positions on the sky, degrees."""

_DECIMALS = 10  # of degrees: astropy converts by way of radians, 0.4 micro-arcseconds are enough
_ANGLES = {u.hour: u.hourangle, u.minute: u.hourangle / 60, u.second: u.hourangle / 3600}


def is_table(path: Path) -> bool:
    """Whether a file's ending is that of a table."""
    return path.suffix.lower() in FORMATS


def read_table(path: Path, as_written: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table of any known format.

    Parameters
    ----------
    path : path
        CSV, Parquet, FITS or VOTable, by its ending; see `FORMATS`.
    as_written : sequence of str
        Columns beside `id` and `file` that are text whatever they hold, in any case.

    Returns
    -------
    DataFrame
        Indexed by the line (CSV) or the row from 1, so that messages can name it. Columns are
        numbers or text: whole numbers too large for float64 are text, true and false are
        "True" and "False", an index is a column, columns `ra` and `dec` with a unit are in
        degrees. Columns of arrays are left out.

    Raises
    ------
    DataError
        The file is missing, of no known format or damaged, two columns have one name, or
        there are no rows.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise DataError(f"{path}: unknown kind of table; choose one of {', '.join(FORMATS)}")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    text = {"id", "file", *(name.lower() for name in as_written)}
    try:
        if form == "CSV":
            table = read_delimited(path, text)
        else:
            read = _read_parquet if form == "Parquet" else _read_astropy
            table = _numbered(read(path), text)
    except Exception as error:  # damaged files raise nearly anything from the readers
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a {form} table: {reason}") from None
    if table.empty:
        raise DataError(f"{path}: the table has no rows")
    return table


def column_names(table: pd.DataFrame) -> list[str]:
    """Return what the columns are called."""
    return [str(name) for name in table.columns]


def rename_keys(table: pd.DataFrame, keys: Collection[str], path: Path) -> pd.DataFrame:
    """Return a table whose columns are called as `keys`, which it may write in any case.

    Raises
    ------
    DataError
        Two columns differ from one key only in case.
    """
    names = {key: [n for n in column_names(table) if n.lower() == key] for key in keys}
    for key, found in names.items():
        if len(found) > 1:
            raise DataError(
                f"{path}: columns {' and '.join(found)} could both be {key}; rename one of them"
            )
    return table.rename(columns={found[0]: key for key, found in names.items() if found})


def check_positions(table: pd.DataFrame, path: Path, blank: bool) -> pd.DataFrame:
    """Return a table with `ra` and `dec`, where it has them, as numbers on the sky.

    Parameters
    ----------
    table : DataFrame
        With a column `id`, as `read_table` indexes it.
    path : path
        Named in messages.
    blank : bool
        Whether a galaxy may have no position.

    Raises
    ------
    DataError
        A position is not within 0 and 360, -90 and 90 degrees.
    """
    for name, (low, high) in RANGES.items():
        if name not in table:
            continue
        degrees = pd.to_numeric(table[name], errors="coerce")
        wrong = ~degrees.between(low, high) & ~(table[name].isna() & blank)
        if wrong.any():
            value = table[name][wrong].iloc[0]
            allowed = f"it is {'empty, or ' if blank else ''}within {low} and {high} degrees"
            raise DataError(f"{path}, {row_name(table, wrong)}: {name} is {value}; {allowed}")
        table = table.assign(**{name: degrees})
    return table


def row_name(table: pd.DataFrame, where: pd.Series) -> str:
    """Name the first marked row of a table from `read_table`, which has a column `id`."""
    row = table[where.to_numpy()].iloc[0]
    return f"{table.index.name} {row.name} (id {row.id})"


def read_own(path: Path) -> pd.DataFrame:
    """Read a CSV table that galopt wrote: `id`, `file`, `split` and `reason` are text."""
    text = dict.fromkeys(("id", "file", "split", "reason"), str)
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def _numbered(table: pd.DataFrame, text: Collection[str]) -> pd.DataFrame:
    check_names(list(map(str, table)))
    for name in table:
        table[name] = _plain(table[name], str(name).lower() in text)
    table.columns = table.columns.astype(str).str.strip()
    return table.set_index(pd.RangeIndex(1, 1 + len(table), name="row"))


def _plain(column: pd.Series, text: bool) -> pd.Series:
    """Return a column as int64, float64 or text."""
    kind = column.dtype.kind
    if kind in "iu":
        if not text and column.dropna().between(-EXACT, EXACT).all():
            return column.astype("float64" if column.isna().any() else "int64")
    elif kind == "f" and not text:
        return column.astype("float64")
    return column.astype("string").str.strip().astype(object).where(column.notna(), None)


def _read_parquet(path: Path) -> pd.DataFrame:
    table = pq.read_table(path)
    check_names(table.column_names)
    for number, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(number, field.name, table.column(number).cast(pa.float64()))
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    whole = {getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")() for name in _WHOLE}
    frame = table.select(flat).to_pandas(ignore_metadata=True, types_mapper=whole.get)
    unnamed = [name for name in frame if str(name).startswith("__index_level_")]
    return frame.drop(columns=[name for name in unnamed if frame[name].dtype.kind in "iuf"])


_TABLES = (fits.BinTableHDU, fits.TableHDU)
_WHOLE = [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]


def _read_astropy(path: Path) -> pd.DataFrame:
    form = FORMATS[path.suffix.lower()]
    if form == "FITS":
        _check_one_table(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = Table.read(path, format=form.lower())
    table.convert_bytestring_to_unicode()
    for name in table.colnames:
        if name.lower() in RANGES and table[name].unit is not None:
            _to_degrees(table, name)
    flat = [name for name in table.colnames if table[name].ndim == 1]
    return table[flat].to_pandas(index=False)


def _to_degrees(table: Table, name: str) -> None:
    """Convert a position in hours or radians to degrees."""
    unit = table[name].unit
    try:
        factor = _ANGLES.get(unit, unit).to(u.deg)
    except (u.UnitConversionError, AttributeError):
        raise ValueError(f"{name} has the unit {unit}, which is no angle; give degrees") from None
    table[name] = np.round(table[name] * factor, _DECIMALS)
    table[name].unit = u.deg


def _check_one_table(path: Path) -> None:
    with warnings.catch_warnings(action="ignore"), fits.open(path) as hdus:
        tables = [hdu.name or "unnamed" for hdu in hdus if type(hdu) in _TABLES]
    if len(tables) > 1:
        raise ValueError(f"the file holds {len(tables)} tables ({', '.join(tables)}); keep one")
