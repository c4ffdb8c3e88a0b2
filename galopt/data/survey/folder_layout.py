"""Where a folder keeps its galaxies: which column is the id, which image belongs to a row."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.config import Folder
from galopt.data.imaging.bands import BAND, FILE_OF
from galopt.data.imaging.image_files import SUFFIXES, find_files, image_id
from galopt.data.survey.votes import KEYS
from galopt.data.tables import column_names, rename_keys, row_name
from galopt.errors import DataError

CLASS = "class"
"""Column of the classes that folders are named for."""

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""What people call the splits, in lower case."""

_ID_NAMES = ("id", "id_str")  # the second is Zoobot's
_COLUMN = r"\{(?!band\})([^{}]+)\}"


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder and of those within it; there may be none."""
    try:
        return find_files([str(folder)])
    except DataError:
        return []


def columns_of(config: Folder) -> list[str]:
    """Return the columns that `survey.folder.id` and `survey.folder.file` name."""
    return [config.id or "", *re.findall(_COLUMN, config.file or ""), config.file or ""]


def band_columns(table: pd.DataFrame, config: Folder) -> list[str]:
    """Return the columns ``file_<band>`` of a table, if it has several and no other files."""
    names = column_names(table)
    if config.file is not None or "file" in map(str.lower, names):
        return []
    found = [name for name in names if name.startswith(FILE_OF) and _name_images(table[name])]
    return found if len(found) > 1 else []


def arrange(table: pd.DataFrame, config: Folder, folder: Path, path: Path) -> pd.DataFrame:
    """Return a table with the columns `id` and `file` as text, whatever they were called.

    The id is the column stated, else `id` or `id_str`, else the only one whose values are
    names of images. The file is the column or pattern stated, else `file`, else that of the
    first band (`band_columns`, which stay), else the only column of names that end like an
    image's, else the image whose name is the id.

    Parameters
    ----------
    table : DataFrame
        As `galopt.data.tables.read_table` gives it.
    config : Folder
        Its `id` and `file` are used.
    folder, path : path
        The stamps; the table, named in messages.

    Raises
    ------
    DataError
        A column stated is not there, or several could be meant; or no image has the name of
        an id.
    """
    files, consumed = _files(table, config, path)
    name = _id_column(table, config, path)
    if files is None:
        images = _by_name(images_in(folder))
        name = name or _matching(table, lambda cells: cells.isin(list(images)), path)
        if name is None:
            raise DataError(
                f"{path}: no column id, and none of {', '.join(column_names(table))} holds names "
                f"of the images in {folder}; say which is the id with survey.folder.id"
            )
        files = _files_by_name(_text(table[name]), images, path)
    stems = files.map(lambda file: image_id(Path(file)), na_action="ignore")
    name = name or _matching(table, lambda cells: cells == stems, path)
    used = {name, *consumed, *(key for key in column_names(table) if key.lower() in ("id", "file"))}
    rest = table.drop(columns=[column for column in table if column in used])
    rest = rename_keys(rest, KEYS, path)
    rest.insert(0, "id", stems if name is None else _text(table[name]))
    rest.insert(1, "file", files)
    return rest


def class_folders(folder: Path) -> pd.DataFrame:
    """Return the galaxies of a folder that has one folder for each class.

    Parameters
    ----------
    folder : path
        With `spiral/…`, `elliptical/…`, or these within `train/`, `valid/` and `test/`.

    Returns
    -------
    DataFrame
        ``id``, ``file``, ``class``, and ``split`` where the folders say it. The id is the
        name of the file, where these are unique, else with its folders.

    Raises
    ------
    DataError
        An image lies beside the folders of classes, or only some are in a split.
    """
    files = [file.relative_to(folder) for file in images_in(folder)]
    if not files:
        raise DataError(
            f"{folder}: neither a table of votes (name it with survey.folder.votes), nor arrays, "
            "nor images"
        )
    splits = [SPLIT_NAMES.get(file.parts[0].lower()) for file in files]
    if any(splits) and not all(splits):
        stray = files[[split is None for split in splits].index(True)]
        raise DataError(f"{folder}: {stray} is in none of the folders train, valid and test")
    depth = 1 if any(splits) else 0
    loose = [file for file in files if len(file.parts) < depth + 2]
    if loose:
        raise DataError(
            f"{folder}: no table of votes, and {loose[0]} lies in no folder of a class; add a "
            "table, or put the images of each class into a folder of its name"
        )
    names = pd.Series([image_id(Path(file.name)) for file in files])
    if names.duplicated().any():
        names = pd.Series([str(file.with_name(image_id(Path(file.name)))) for file in files])
    table = pd.DataFrame({"id": names, "file": [str(file) for file in files]})
    if any(splits):
        table["split"] = splits
    table[CLASS] = [file.parts[depth] for file in files]
    return table.set_index(pd.RangeIndex(1, 1 + len(table), name="image"))


def check_splits(votes: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table whose column `split`, if it has one, holds our names of the splits.

    Raises
    ------
    DataError
        It holds another word; the message names the row.
    """
    if "split" not in votes:
        return votes
    said = votes["split"].astype("string").str.strip().str.lower()
    split = said.map(SPLIT_NAMES)
    if split.isna().any():
        value = votes["split"][split.isna()].iloc[0] or "empty"
        raise DataError(
            f"{path}, {row_name(votes, split.isna())}: split is {value}; it is train, validation "
            "(or valid, val) or test; a column of another meaning needs another name"
        )
    return votes.assign(split=split)


def locate(
    votes: pd.DataFrame, column: str, folder: Path, path: Path
) -> tuple[list[str], pd.Series]:
    """Return the file that a column names in each row, and whether it is missing.

    Raises
    ------
    DataError
        A name leads out of the folder by ``..``, or more than half of the files are missing.
    """
    named = votes[column].fillna("")
    beyond = named.map(lambda name: ".." in Path(name).parts)
    if beyond.any():
        raise DataError(
            f"{path}, {row_name(votes, beyond)}: {named[beyond].iloc[0]} is outside the folder; "
            "name files inside it, or by their absolute names"
        )
    paths = [folder / (name or galaxy) for galaxy, name in zip(votes["id"], named, strict=True)]
    there = [BAND in path.name or path.is_file() for path in paths]
    lost = pd.Series(~np.array(there, bool), index=votes.index)
    if lost.mean() > 0.5:
        first = named[lost].iloc[0] or "(empty)"
        raise DataError(
            f"{path}, {row_name(votes, lost)}: no file {first} in {folder}; {lost.sum()} of "
            f"{len(votes)} ids have no file; name it with survey.folder.file: a column, or a "
            'pattern such as "images/{id}.jpg"'
        )
    return list(map(str, paths)), lost


def _files(
    table: pd.DataFrame, config: Folder, path: Path
) -> tuple[pd.Series | None, Sequence[str]]:
    """Return the file of each row, if the table tells it, and the columns that told it."""
    if config.file is not None:
        columns = re.findall(_COLUMN, config.file) or [config.file]
        for name in columns:
            _check_column(table, name, "file", path)
        if columns == [config.file]:
            return _text(table[config.file]), columns
        names = table[columns].apply(_text).apply(partial(_fill, config.file), axis=1)
        return names, columns
    called = [name for name in column_names(table) if name.lower() == "file"]
    if bands := band_columns(table, config):
        return table[bands].apply(_text).bfill(axis=1).iloc[:, 0], []
    found = called or [name for name in column_names(table) if _name_images(table[name])]
    if len(found) > 1:
        raise DataError(
            f"{path}: columns {' and '.join(found)} could both be file; say which with "
            "survey.folder.file"
        )
    if found and found[0].lower().endswith(SUFFIXES):
        raise DataError(f"{path}: no header: its first row names the file {found[0]}")
    return (_text(table[found[0]]) if found else None), found


def _fill(pattern: str, cells: pd.Series) -> str:
    return re.sub(_COLUMN, lambda found: str(cells[found[1]]), pattern)


def _name_images(cells: pd.Series) -> bool:
    text = cells.dropna().astype(str).str.lower() if cells.dtype == object else pd.Series([""])
    return bool(text.str.endswith(SUFFIXES).mean() > 0.5)


def _id_column(table: pd.DataFrame, config: Folder, path: Path) -> str | None:
    """Return the column of ids that is stated, or called so."""
    if config.id is not None:
        _check_column(table, config.id, "id", path)
        return config.id
    for key in _ID_NAMES:
        if found := [name for name in column_names(table) if name.lower() == key]:
            rename_keys(table, [key], path)  # refuses two
            return found[0]
    return None


def _check_column(table: pd.DataFrame, name: str, parameter: str, path: Path) -> None:
    if name not in table:
        have = ", ".join(column_names(table))
        raise DataError(f"{path}: no column {name} for survey.folder.{parameter}; there are {have}")


def _matching(
    table: pd.DataFrame, match: Callable[[pd.Series], pd.Series], path: Path
) -> str | None:
    """Return the column most of whose values match, if there is one."""
    found = [name for name in column_names(table) if match(_text(table[name])).mean() > 0.5]
    if len(found) > 1:
        raise DataError(
            f"{path}: columns {' and '.join(found)} both hold names of images; say which is the "
            "id with survey.folder.id"
        )
    return found[0] if found else None


def _text(column: pd.Series) -> pd.Series:
    return column.astype("string").str.strip().astype(object).where(column.notna(), None)


def _by_name(files: list[Path]) -> dict[str, list[Path]]:
    found = defaultdict(list)
    for file in files:
        found[image_id(file)].append(file)
    return found


def _files_by_name(ids: pd.Series, images: dict[str, list[Path]], path: Path) -> pd.Series:
    """Return the image that is called like each id."""
    found = ids.map(lambda name: images.get(name, []))
    several = found.map(len) > 1
    if several.any():
        first, second = found[several].iloc[0][:2]
        raise DataError(
            f"{path}: both {first} and {second} could be the image of {ids[several].iloc[0]}; say "
            'which with survey.folder.file, such as "images/{id}.jpg"'
        )
    return found.map(lambda files: str(files[0]) if files else None)
