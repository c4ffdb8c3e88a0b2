"""Tables of predictions as files: CSV, Parquet, FITS and VOTable, with their provenance."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io.votable import from_table
from astropy.io.votable.tree import Info
from astropy.table import Table

from galopt.errors import DataError
from galopt.files import atomic_file

UCD = {"id": "meta.id;meta.main", "file": "meta.file"}
FRACTION_UCD = "arith.ratio"
"""Unified Content Descriptors (IVOA recommendation UCD1+, version 1.6)."""


def check(path: Path, texts: Iterable[str], overwrite: bool) -> None:
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
        raise DataError(f"{path}: unknown format; choose one of {', '.join(WRITERS)}")
    for file in (path, rejected_path(path)):
        if file.exists() and not overwrite:
            raise DataError(f"{file} exists; --overwrite replaces it")
    beyond = next((text for text in texts if not text.isascii()), None)
    if path.suffix == ".fits" and beyond is not None:
        raise DataError(
            f"{beyond}: FITS tables hold ASCII names only; write .vot, .csv or .parquet"
        )


def rejected_path(path: Path) -> Path:
    """Return where the inputs that could not be read are listed."""
    return path.with_name(f"{path.name}.rejected.csv")


def write_rejected(rejected: pd.DataFrame, path: Path) -> Path | None:
    """List unreadable inputs beside a table of predictions; return where, if there are any."""
    beside = rejected_path(path)
    if rejected.empty:
        beside.unlink(missing_ok=True)
        return None
    with atomic_file(beside) as temporary:
        rejected.to_csv(temporary, index=False)
    return beside


def write(table: pd.DataFrame, path: Path, provenance: dict[str, str]) -> None:
    """Write predictions, atomically, in the format that the name ends with.

    Parameters
    ----------
    table : DataFrame
        ``id``, ``file``, then one column a target.
    path : path
        Ends in .csv, .parquet, .fits or .vot.
    provenance : dict of str
        Goes into the file's header; a CSV file has none. Keys of eight letters at most.
    """
    with atomic_file(path) as temporary:
        WRITERS[path.suffix](table, temporary, provenance)


def _csv(table: pd.DataFrame, path: Path, provenance: dict[str, str]) -> None:
    table.to_csv(path, index=False)


def _parquet(table: pd.DataFrame, path: Path, provenance: dict[str, str]) -> None:
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    metadata = (arrow.schema.metadata or {}) | {f"galopt.{k}": v for k, v in provenance.items()}
    pq.write_table(arrow.replace_schema_metadata(metadata), path)


def _fits(table: pd.DataFrame, path: Path, provenance: dict[str, str]) -> None:
    columns = Table.from_pandas(table)
    for key, value in provenance.items():
        columns.meta[key.upper()] = value.encode("ascii", "backslashreplace").decode()
    for number, name in enumerate(columns.colnames, 1):
        columns.meta[f"TUCD{number}"] = UCD.get(name, FRACTION_UCD)
    columns.write(path, format="fits")


def _votable(table: pd.DataFrame, path: Path, provenance: dict[str, str]) -> None:
    file = from_table(Table.from_pandas(table))
    resource = file.resources[0]
    resource.infos.extend(Info(name=key, value=value) for key, value in provenance.items())
    for field in resource.tables[0].fields:
        field.ucd = UCD.get(field.name, FRACTION_UCD)
        if field.name not in UCD:
            field.description = f"predicted fraction of votes for {field.name}"
    file.to_xml(str(path))


WRITERS: dict[str, Callable[[pd.DataFrame, Path, dict[str, str]], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".fits": _fits,
    ".vot": _votable,
}
