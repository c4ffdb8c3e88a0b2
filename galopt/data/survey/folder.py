"""A survey from a folder of the user's own stamps, in whatever layout they lie there."""

import logging
from pathlib import Path

import pandas as pd

from galopt.config import Folder
from galopt.data.names import LONGEST_PATH, check_names, plain_name
from galopt.data.question_groups import questions_of
from galopt.data.survey.arrays import is_array, unpack
from galopt.data.survey.folder_layout import (
    CLASS,
    arrange,
    band_columns,
    check_splits,
    class_folders,
    columns_of,
    images_in,
    locate,
)
from galopt.data.survey.targets import find_targets, without_signs
from galopt.data.survey.votes import KEYS, to_fractions
from galopt.data.tables import is_table, read_table
from galopt.errors import ConfigError, DataError
from galopt.files import write_json

logger = logging.getLogger(__name__)

TABLES = (".csv", ".tsv", ".parquet", ".vot")
"""Endings of a table of any name; other files of these formats may be images or remarks."""

SHOWN = 3
"""Rows that are shown as they were read, and names in a list of what is missing."""

COLUMNS_SHOWN = 6


def read_folder(config: Folder, out: Path) -> None:
    """Read what is lying in a folder, say what it is, and write it as a survey.

    Parameters
    ----------
    config : Folder
        The folder; its table, columns and targets where they are not plain.
    out : path
        An empty folder, which receives `votes.csv` and `survey.json`, and the images of an
        array.

    Raises
    ------
    ConfigError
        `survey.folder.path` is not stated.
    DataError
        The folder or the table is missing, empty, wrong or unclear; the message names the row.
    """
    if config.path is None:
        raise ConfigError(
            "survey.source=folder needs survey.folder.path, the folder of your stamps"
        )
    folder = Path(config.path).expanduser().resolve()
    if not folder.is_dir():
        raise DataError(f"survey.folder.path: {folder} is not a folder")
    if not any(folder.iterdir()):
        raise DataError(f"{folder}: the folder is empty")
    sources = [folder / config.votes] if config.votes else _sources(folder)
    stated, path = config.targets, sources[0] if sources else folder
    bands: list[str] = []
    if not sources:
        table, stated = class_folders(folder), [CLASS]
    elif is_array(path):
        table, stated = unpack(sources, out), stated or [CLASS]
    else:
        table = read_table(path, columns_of(config))
        bands = band_columns(table, config)
        table = arrange(table, config, folder, path)
    table = check_splits(table, path)
    if config.votes_are == "percent":
        table = without_signs(table)
    columns = find_targets(table.drop(columns=bands), stated, config.votes_are, path)
    votes, targets = to_fractions(table, columns, config.votes_are, path)
    votes = votes[[*(key for key in KEYS if key in votes), *bands, *targets]]
    check_names(targets, f"{path}: the target")
    check_names(votes["id"], f"{path}: the id")
    if not is_array(path):
        votes = _located(votes, ["file", *bands], folder, path)
    votes.to_csv(out / "votes.csv", index=False)
    write_json(
        out / "survey.json",
        {"source": "folder", "name": plain_name(folder.name), "targets": targets},
    )
    _say(votes, columns, targets, config.votes_are, path)


def _sources(folder: Path) -> list[Path]:
    """Return the table of a folder, else its arrays; none if it has one folder per class."""
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    tables = [file for file in files if file.stem.lower() == "votes" and is_table(file)]
    tables = tables or [file for file in files if file.suffix.lower() in TABLES]
    if len(tables) > 1:
        raise DataError(
            f"{folder}: both {tables[0].name} and {tables[1].name}; "
            "say which with survey.folder.votes"
        )
    return tables or [file for file in files if is_array(file)]


def _located(votes: pd.DataFrame, columns: list[str], folder: Path, path: Path) -> pd.DataFrame:
    """Return the votes with the full names of the files.

    Logged are the galaxies without any file, which become no stamp, and the files without a row.
    """
    found = {name: locate(votes, name, folder, path) for name in columns}
    votes = votes.assign(**{name: files for name, (files, _) in found.items()})
    for name in columns:
        check_names(map(str, votes[name].dropna()), f"{path}: the file", LONGEST_PATH)
    lost = pd.concat([lost for _, lost in found.values()], axis=1).all(axis=1)
    if lost.any():
        some = ", ".join(votes["id"][lost].head(SHOWN))
        logger.info(f"{lost.sum()} of {len(votes)} galaxies have no file: {some}")
    known = {file for files, _ in found.values() for file in files}
    rest = [file for file in images_in(folder) if str(file) not in known]
    if rest:
        some = ", ".join(str(file.relative_to(folder)) for file in rest[:SHOWN])
        logger.info(f"{len(rest)} images in {folder} have no row: {some}")
    return votes


def _range(low: float, high: float) -> str:
    ends = dict.fromkeys(f"{end:.2g}" for end in (low, high))
    return " to ".join(ends)


def _say(
    votes: pd.DataFrame, columns: list[str], targets: list[str], votes_are: str, path: Path
) -> None:
    """Log what was found, and the first rows as they were read."""
    if columns == targets:
        questions = len(questions_of(targets))
        asked = f", answers to {questions} questions" if questions > 1 else ""
        total = votes[targets].sum(axis=1)
        what = (
            f"{', '.join(targets)} read as {votes_are} of votes{asked}; the fractions of a galaxy "
            f"sum to {_range(total.min(), total.max())}"
        )
    else:
        what = f"one class per galaxy, {columns[0]}, out of {', '.join(targets)}"
    logger.info(f"{path}: {len(votes)} galaxies; {what}")
    if "split" in votes:
        counts = votes["split"].value_counts()
        logger.info("Split as given: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    for _, row in votes.head(SHOWN).iterrows():
        if columns == targets:
            cells = [f"{name} {row[name]:.4g}" for name in targets[:COLUMNS_SHOWN]]
            cells += ["…"] * (len(targets) > COLUMNS_SHOWN)
        else:
            cells = [str(row[targets].astype(float).idxmax())]
        if "n_votes" in votes:
            cells.append(f"{row['n_votes']} votes")
        logger.info(f"  {row['id']}: {', '.join(cells)} ({row['file']})")
