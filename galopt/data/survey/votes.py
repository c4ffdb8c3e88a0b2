"""The table of votes: read from any of the usual formats, and every wrong cell named."""

import re
import warnings
from pathlib import Path

import pandas as pd
from astropy.table import Table

from galopt.errors import DataError

KEYS = ("id", "file", "number", "ra", "dec", "n_votes")
"""Columns of a votes table that are never targets."""

RESERVED = ("split", "sigma", "snr", "r50", "mag", "constant", "floor", "per_galaxy")
"""What a target may not be called: other columns of the catalogue, other parts of the RMSE."""

FORMATS = {
    ".parquet": "Parquet",
    ".fits": "FITS",
    ".fit": "FITS",
    ".vot": "VOTable",
    ".xml": "VOTable",
}
"""Formats by suffix; a table with any other is CSV."""


def read_votes(path: Path) -> pd.DataFrame:
    """Read a table of votes.

    Parameters
    ----------
    path : path
        CSV, Parquet, FITS or VOTable, by its suffix.

    Returns
    -------
    DataFrame
        At least the columns `id` and `file`, as text; indexed by the line (CSV) or the row,
        so that messages can name it.

    Raises
    ------
    DataError
        The table is not there, not of its format, without those columns, or empty.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such votes table; name it with survey.folder.votes")
    form = FORMATS.get(path.suffix.lower(), "CSV")
    try:
        votes = _read(path, form)
    except Exception as error:  # damaged files raise nearly anything from the readers
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a {form} table: {reason}") from None
    missing = [name for name in ("id", "file") if name not in votes]
    if missing:
        have = ", ".join(map(str, votes.columns))
        raise DataError(f"{path}: no column {' and '.join(missing)}; there are {have}")
    if votes.empty:
        raise DataError(f"{path}: the table has no rows")
    first, name = (2, "line") if form == "CSV" else (1, "row")
    return votes.set_index(pd.RangeIndex(first, first + len(votes), name=name))


def find_targets(votes: pd.DataFrame, stated: list[str] | None, table: Path) -> list[str]:
    """Return the columns to predict: those stated, else every numeric one, else the one of text.

    Raises
    ------
    DataError
        There are none, one is not all numbers, or its name is taken.
    """
    columns = [str(name) for name in votes if name not in KEYS]
    numeric = [name for name in columns if votes[name].dtype.kind in "iuf"]
    text = [name for name in columns if is_label(votes[name])]
    if stated is None:
        for name in text if numeric else []:
            _check_numbers(votes, name, table)
        stated = numeric or (text if len(text) == 1 else [])
    if not stated:
        raise DataError(
            f"{table}: no column of vote fractions or class names beside {', '.join(votes.columns)}"
        )
    if len(stated) == 1 and stated[0] in text:
        return stated
    for name in stated:
        if name in text:
            _check_numbers(votes, name, table)
        if name not in numeric:
            raise DataError(
                f"{table}: no numeric column {name} for survey.folder.targets; "
                f"there are {', '.join(numeric) or 'none'}"
            )
        if name in RESERVED or not re.fullmatch(r"[\w. -]+", name, re.ASCII):
            raise DataError(
                f"{table}: a target may not be called {name!r}; rename the column (letters, "
                f"digits, spaces, _ - . and none of {', '.join(RESERVED)}) or name the target "
                "columns in survey.folder.targets"
            )
    return stated


def _check_numbers(votes: pd.DataFrame, name: str, table: Path) -> None:
    """Raise a DataError that names the cell that makes text of a column of numbers."""
    wrong = pd.to_numeric(votes[name], errors="coerce").isna()
    if 0 < wrong.mean() < 0.5:
        value = votes[name][wrong].iloc[0]
        raise DataError(f"{table}, {_row(votes, wrong)}: {name} is {value!r}, not a number")


def is_label(column: pd.Series) -> bool:
    """Whether a column holds text, such as class names."""
    return column.dtype.kind == "O" or isinstance(column.dtype, pd.StringDtype)


def one_hot(votes: pd.DataFrame, label: str, table: Path) -> tuple[pd.DataFrame, list[str]]:
    """Turn class names into fractions: one for the galaxy's class, zero for the others.

    Parameters
    ----------
    votes : DataFrame
        With a column `label` of class names.
    label, table
        Named in messages.

    Returns
    -------
    votes : DataFrame
        With one column a class in place of `label`, float64.
    classes : list of str
        Their names, sorted; what is no ASCII letter, digit or minus becomes an underscore.

    Raises
    ------
    DataError
        A name is empty, two are alike, or they are no classes: one for all, or one for each.
    """
    names = votes[label].astype("string").str.strip().fillna("")
    empty = names == ""
    if empty.any():
        raise DataError(f"{table}, {_row(votes, empty)}: {label} is empty; name the class")
    safe = names.map({name: re.sub(r"[^A-Za-z0-9-]+", "_", name) for name in names.unique()})
    classes = sorted(safe.unique())
    known = pd.DataFrame({"name": names, "safe": safe}).drop_duplicates()
    alike = known[known.safe.str.lower().duplicated(keep=False)].sort_values("safe")
    if not alike.empty:
        raise DataError(
            f"{table}: the classes {alike.name.iloc[0]!r} and {alike.name.iloc[1]!r} of {label} "
            "are written too much alike; give them one name, or names that differ"
        )
    if not 1 < len(classes) < max(len(votes), 3):
        raise DataError(
            f"{table}: {label} has {len(classes)} different values in {len(votes)} rows, so they "
            "are no classes; name the target columns with survey.folder.targets"
        )
    clash = [name for name in classes if name in KEYS + RESERVED]
    if clash:
        raise DataError(f"{table}: a class of {label} may not be called {clash[0]}")
    hot = pd.get_dummies(safe, dtype=float)[classes]
    rest = votes.drop(columns=[label, *(name for name in classes if name in votes)])
    return rest.join(hot), classes


def check_votes(votes: pd.DataFrame, targets: list[str], table: Path) -> None:
    """Raise a DataError that names the first wrong id, position, fraction or number of votes."""
    _check_ids(votes, table)
    for name, low, high in (("ra", 0, 360), ("dec", -90, 90)):
        if name in votes:
            degrees = pd.to_numeric(votes[name], errors="coerce")
            wrong = votes[name].notna() & ~degrees.between(low, high)
            if wrong.any():
                value = votes[name][wrong].iloc[0]
                raise DataError(
                    f"{table}, {_row(votes, wrong)}: {name} is {value}; it is empty, or within "
                    f"{low} and {high} degrees"
                )
    for name in targets:
        outside = ~votes[name].astype(float).between(0, 1)
        if outside.any():
            value = votes[name][outside].iloc[0]
            raise DataError(
                f"{table}, {_row(votes, outside)}: {name} is {value}; "
                "a vote fraction lies between 0 and 1 (columns that are none: name those that are "
                "in survey.folder.targets)"
            )
    if "n_votes" in votes:
        count = pd.to_numeric(votes.n_votes, errors="coerce").astype(float)
        wrong = ~(count >= 1) | (count % 1 != 0)
        if wrong.any():
            value = votes.n_votes[wrong].iloc[0]
            raise DataError(
                f"{table}, {_row(votes, wrong)}: n_votes is {value}; "
                "it must be a whole number of at least 1"
            )


def check_files(votes: pd.DataFrame, folder: Path, table: Path) -> list[str]:
    """Return the files' absolute paths, or name the first id that has none."""
    named = votes.file.fillna("")
    beyond = named.map(lambda name: Path(name).is_absolute() or ".." in Path(name).parts)
    if beyond.any():
        raise DataError(
            f"{table}, {_row(votes, beyond)}: {named[beyond].iloc[0]} is outside the folder; "
            f"name files inside {folder}, or links to them there"
        )
    paths = [folder / name for name in named]
    lost = pd.Series([not path.is_file() for path in paths], index=votes.index)
    if lost.any():
        first = named[lost].iloc[0] or "(empty)"
        raise DataError(
            f"{table}, {_row(votes, lost)}: no file {first} in {folder}; "
            f"{lost.sum()} of {len(votes)} ids have no file"
        )
    return list(map(str, paths))


def _read(path: Path, form: str) -> pd.DataFrame:
    if form == "CSV":
        return pd.read_csv(path, dtype={"id": str, "file": str})
    votes = pd.read_parquet(path) if form == "Parquet" else _read_astropy(path, form)
    for name in {"id", "file"} & set(votes):
        votes[name] = votes[name].astype("string").str.strip().astype(object)
    return votes


def _read_astropy(path: Path, form: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = Table.read(path, format=form.lower())
    table.convert_bytestring_to_unicode()
    flat = [name for name in table.colnames if table[name].ndim == 1]
    return table[flat].to_pandas(index=False)


def _check_ids(votes: pd.DataFrame, table: Path) -> None:
    empty = votes.id.isna() | (votes.id.str.strip() == "")
    if empty.any():
        raise DataError(f"{table}, {_row(votes, empty)}: the id is empty")
    twice = votes.id.duplicated()
    if twice.any():
        raise DataError(
            f"{table}, {_row(votes, twice)}: the id is there twice; ids must be unique "
            "(repeat a galaxy under one 'number' instead)"
        )


def _row(votes: pd.DataFrame, where: pd.Series) -> str:
    """Name the first marked row as an editor counts lines, the header being line 1."""
    row = votes[where.to_numpy()].iloc[0]
    return f"{votes.index.name} {row.name} (id {row.id})"


TARGETS = ("spheroid", "disk", "irregular", "point_source", "unclassifiable")
"""The classes of Kartaltepe et al. (2015), table 3; a voter may tick several."""
