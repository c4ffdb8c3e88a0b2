"""A survey from a folder of the user's own stamps and a table of votes."""

from pathlib import Path

import pandas as pd

from galopt.config import Folder
from galopt.errors import ConfigError, DataError
from galopt.files import write_json

KEYS = ("id", "file", "number", "ra", "dec", "n_votes")
"""Columns of a votes table that are never targets."""


def read_folder(config: Folder, out: Path) -> None:
    """Check a folder's votes and write them as a survey.

    Parameters
    ----------
    config : Folder
        The folder, its table and its targets.
    out : path
        An empty folder, which receives `votes.csv` and `survey.json`.

    Raises
    ------
    ConfigError
        `survey.folder.path` is not stated, or a target is no column.
    DataError
        The folder or the table is missing, empty or wrong; the message names the row.
    """
    if config.path is None:
        raise ConfigError(
            "survey.source=folder needs survey.folder.path, the folder of your stamps"
        )
    folder = Path(config.path).expanduser().resolve()
    if not folder.is_dir():
        raise DataError(f"survey.folder.path: {folder} is not a folder")
    table = folder / (config.votes or "votes.csv")
    votes = _read_table(table)
    targets = _targets(votes, config.targets, table)
    _check_ids(votes, table)
    _check_votes(votes, targets, table)
    columns = [name for name in KEYS if name in votes]
    votes = votes[[*columns, *targets]].assign(file=_locate(votes, folder, table))
    votes.to_csv(out / "votes.csv", index=False)
    survey = {"source": "folder", "name": folder.name, "targets": targets, "multiple": False}
    write_json(out / "survey.json", survey)


def _read_table(path: Path) -> pd.DataFrame:
    if not any(path.parent.iterdir()):
        raise DataError(f"{path.parent}: the folder is empty")
    if not path.is_file():
        raise DataError(f"{path}: no such votes table; name it with survey.folder.votes")
    try:
        votes = pd.read_csv(path, dtype={"id": str, "file": str})
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a CSV table: {' '.join(str(error).split())}") from None
    missing = [name for name in ("id", "file") if name not in votes]
    if missing:
        have = ", ".join(map(str, votes.columns))
        raise DataError(f"{path}: no column {' and '.join(missing)}; there are {have}")
    if votes.empty:
        raise DataError(f"{path}: the table has no rows")
    return votes


def _targets(votes: pd.DataFrame, stated: list[str] | None, table: Path) -> list[str]:
    numeric = [str(name) for name in votes.select_dtypes("number") if name not in KEYS]
    targets = numeric if stated is None else stated
    if not targets:
        raise DataError(f"{table}: no column of vote fractions beside {', '.join(votes.columns)}")
    for name in targets:
        if name not in numeric:
            raise DataError(
                f"{table}: no numeric column {name} for survey.folder.targets; "
                f"there are {', '.join(numeric) or 'none'}"
            )
    return targets


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


def _check_votes(votes: pd.DataFrame, targets: list[str], table: Path) -> None:
    for name in targets:
        outside = ~votes[name].between(0, 1)
        if outside.any():
            value = votes[name][outside].iloc[0]
            raise DataError(
                f"{table}, {_row(votes, outside)}: {name} is {value}; "
                "a vote fraction lies between 0 and 1"
            )
    if "n_votes" in votes:
        count = pd.to_numeric(votes.n_votes, errors="coerce")
        wrong = ~(count >= 1) | (count % 1 != 0)
        if wrong.any():
            value = votes.n_votes[wrong].iloc[0]
            raise DataError(
                f"{table}, {_row(votes, wrong)}: n_votes is {value}; "
                "it must be a whole number of at least 1"
            )


def _locate(votes: pd.DataFrame, folder: Path, table: Path) -> list[str]:
    """Return the files' absolute paths, or name the first id that has none."""
    named = votes.file.fillna("")
    paths = [folder / name for name in named]
    lost = pd.Series([not path.is_file() for path in paths], index=votes.index)
    if lost.any():
        first = named[lost].iloc[0] or "(empty)"
        raise DataError(
            f"{table}, {_row(votes, lost)}: no file {first} in {folder}; "
            f"{lost.sum()} of {len(votes)} ids have no file"
        )
    return list(map(str, paths))


def _row(votes: pd.DataFrame, where: pd.Series) -> str:
    """Name the first marked row as an editor counts lines, the header being line 1."""
    first = int(where.to_numpy().argmax())
    return f"line {first + 2} (id {votes.id.iloc[first]})"
