"""Tables of predictions as files: CSV, Parquet, FITS and VOTable, with their provenance."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io.votable import from_table
from astropy.io.votable.tree import Info
from astropy.table import Table
from astropy.units import dimensionless_unscaled

from galopt.errors import DataError
from galopt.files import atomic_file
from galopt.prediction.model import ERROR, HIGH, LOW, SPREAD_ONLY
from galopt.prediction.unlike import COLUMN

NAMES = {
    "id": ("meta.id;meta.main", "the galaxy"),
    "file": ("meta.file", "the image that was looked at"),
}
FRACTION_UCD = "arith.ratio"
"""Unified Content Descriptors (IVOA recommendation UCD1+, version 1.6)."""

ENDINGS = {
    ERROR: ("stat.error", "standard deviation of the prediction"),
    SPREAD_ONLY: ("stat.stdev", "spread over networks or views, which is no error,"),
    LOW: ("stat.min", "lower end of the 95 % interval"),
    HIGH: ("stat.max", "upper end of the 95 % interval"),
}
"""Descriptors and meanings of the columns of errors, by their endings."""


def check_output(path: Path, texts: Iterable[str], overwrite: bool) -> None:
    """Refuse what could not be written in the end, before any work is done.

    Parameters
    ----------
    path : path
        Where the table shall go.
    texts : iterable of str
        Names that it will hold.
    overwrite : bool
        Whether files that exist may be replaced.

    Raises
    ------
    DataError
        The format is unknown or cannot hold the names, or a file is in the way.
    """
    if path.suffix not in WRITERS:
        raise DataError(
            f"{path}: unknown format; choose one of {', '.join(WRITERS)}, or a folder, whose name "
            "ends in /"
        )
    for file in (path, rejected_path(path)):
        if file.exists() and not overwrite:
            raise DataError(f"{file} exists; --overwrite replaces it, --out names another")
    beyond = next((text for text in texts if not text.isascii()), None)
    if path.suffix == ".fits" and beyond is not None:
        raise DataError(
            f"{beyond}: FITS tables hold ASCII names only; write .vot, .csv or .parquet"
        )


def rejected_path(path: Path) -> Path:
    """Return where the inputs that could not be read are listed."""
    return path.with_name(f"{path.name}.rejected.csv")


def write_rejected(rejected: pd.DataFrame, path: Path) -> Path | None:
    """List unreadable inputs beside a table of predictions; return where, if there are any.

    Parameters
    ----------
    rejected : DataFrame
        ``id``, ``file``, ``reason``.
    path : path
        The table of predictions.
    """
    beside = rejected_path(path)
    if rejected.empty:
        beside.unlink(missing_ok=True)
        return None
    with atomic_file(beside) as temporary:
        rejected.to_csv(temporary, index=False)
    return beside


def write_predictions(
    tables: Iterable[pd.DataFrame], path: Path, provenance: dict[str, str]
) -> int:
    """Write predictions, atomically, in the format that the name ends with.

    CSV and Parquet are written as the parts come, so that their number does not matter; FITS
    and VOTable state their length first and are written whole.

    Parameters
    ----------
    tables : iterable of DataFrame
        Parts with ``id``, ``file``, then one column per target, then perhaps their errors and
        how unlike the training galaxies they are.
    path : path
        Ends in .csv, .parquet, .fits or .vot.
    provenance : dict of str
        Goes into the file's header; a CSV file has none. Keys of eight letters at most.

    Returns
    -------
    int
        Number of rows; nothing is written if there is none.
    """
    filled = (table for table in tables if len(table))
    first = next(filled, None)
    if first is None:
        return 0
    rows = 0

    def counted() -> Iterator[pd.DataFrame]:
        nonlocal rows
        for table in chain([first], filled):
            rows += len(table)
            yield table

    with atomic_file(path) as temporary:
        WRITERS[path.suffix](counted(), temporary, provenance)
    return rows


def column_meaning(column: str, beside: Iterable[str]) -> tuple[str, str]:
    """Return a column's Unified Content Descriptor and what it holds, in words.

    Parameters
    ----------
    column : str
    beside : iterable of str
        The table's columns: ``disk_err`` is an error where there is a ``disk``, else a target.
    """
    if column in NAMES:
        return NAMES[column]
    if column == COLUMN:
        return "stat.value", "distance from the training galaxies; 1 of 100 like them is above 1"
    for ending, (code, held) in ENDINGS.items():
        target = column.removesuffix(ending)
        if target != column and target in beside:
            return f"{code};{FRACTION_UCD}", f"{held} of {target}"
    return FRACTION_UCD, f"predicted fraction of votes for {column}, 0 to 1"


def described_field(field: pa.Field, beside: Iterable[str]) -> pa.Field:
    """Return a column of a Parquet table that says what it holds: see `column_meaning`."""
    ucd, description = column_meaning(field.name, beside)
    unit = {} if field.name in NAMES else {"unit": "1"}
    return field.with_metadata({"ucd": ucd, "description": description} | unit)


def _csv(tables: Iterator[pd.DataFrame], path: Path, provenance: dict[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        for number, table in enumerate(tables):
            table.to_csv(file, index=False, header=number == 0)


def _parquet(tables: Iterator[pd.DataFrame], path: Path, provenance: dict[str, str]) -> None:
    metadata = {f"galopt.{key}": value for key, value in provenance.items()}
    with ExitStack() as stack:
        writer = None
        for table in tables:
            part = pa.Table.from_pandas(table, preserve_index=False)
            fields = [described_field(field, part.column_names) for field in part.schema]
            part = part.cast(pa.schema(fields, part.schema.metadata | metadata))
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(path, part.schema))
            writer.write_table(part)


def _fits(tables: Iterator[pd.DataFrame], path: Path, provenance: dict[str, str]) -> None:
    columns = _astropy(tables)
    for key, value in provenance.items():
        columns.meta[key.upper()] = value.encode("ascii", "backslashreplace").decode()
    for number, name in enumerate(columns.colnames, 1):
        ucd, description = column_meaning(name, columns.colnames)
        columns.meta[f"TUCD{number}"], columns.meta[f"TCOMM{number}"] = ucd, description
    columns.write(path, format="fits")


def _votable(tables: Iterator[pd.DataFrame], path: Path, provenance: dict[str, str]) -> None:
    columns = _astropy(tables)
    file = from_table(columns)
    resource = file.resources[0]
    resource.infos.extend(Info(name=key, value=value) for key, value in provenance.items())
    for field in resource.tables[0].fields:
        field.ucd, field.description = column_meaning(field.name, columns.colnames)
    file.to_xml(str(path))


def _astropy(tables: Iterator[pd.DataFrame]) -> Table:
    whole = Table.from_pandas(pd.concat(tables, ignore_index=True))
    for name in whole.colnames:
        if name not in NAMES:
            whole[name].unit = dimensionless_unscaled
    return whole


WRITERS: dict[str, Callable[[Iterator[pd.DataFrame], Path, dict[str, str]], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".fits": _fits,
    ".vot": _votable,
}
