"""A survey from a folder of the user's own stamps and a table of votes."""

import logging
from pathlib import Path

from galopt.config import Folder
from galopt.data.survey.votes import (
    KEYS,
    check_files,
    check_votes,
    find_targets,
    is_label,
    one_hot,
    read_votes,
)
from galopt.errors import ConfigError, DataError
from galopt.files import write_json

logger = logging.getLogger(__name__)

TABLES = ("votes.csv", "votes.parquet", "votes.fits", "votes.vot")


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
    if not any(folder.iterdir()):
        raise DataError(f"{folder}: the folder is empty")
    table = folder / config.votes if config.votes else _find_table(folder)
    votes = read_votes(table)
    targets = find_targets(votes, config.targets, table)
    if is_label(votes[targets[0]]):
        votes, targets = one_hot(votes, targets[0], table)
    check_votes(votes, targets, table)
    columns = [name for name in KEYS if name in votes]
    votes = votes[[*columns, *targets]].assign(file=check_files(votes, folder, table))
    votes.to_csv(out / "votes.csv", index=False)
    survey = {"source": "folder", "name": folder.name, "targets": targets}
    write_json(out / "survey.json", survey)
    logger.info(f"{table}: {len(votes)} galaxies, to predict: {', '.join(targets)}")


def _find_table(folder: Path) -> Path:
    found = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(found) > 1:
        raise DataError(
            f"{folder}: both {found[0].name} and {found[1].name}; "
            "say which with survey.folder.votes"
        )
    return found[0] if found else folder / TABLES[0]
