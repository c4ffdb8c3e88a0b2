"""Which columns of a table are to be predicted: found where clear, asked for where not."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.data.delimited import looks_like_numbers
from galopt.data.question_groups import questions_of
from galopt.data.survey.votes import KEYS, RESERVED
from galopt.data.tables import column_names, row_name
from galopt.errors import DataError

ONE_ANSWER = 0.02
"""How far from one the fractions of voters with one answer each may add up to, by rounding."""

MOST_CLASSES = 50
"""A column of more different words than this holds remarks or names rather than classes."""

DERIVED = ("_total-votes", "_fraction", "_debiased")
"""Endings of the columns that Galaxy Zoo's catalogues compute of the counts beside them."""


def without_signs(votes: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which columns of text such as ``45%`` are numbers."""
    for name in column_names(votes):
        if name in KEYS or not _is_text(votes[name]):
            continue
        text = votes[name].astype("string").str.strip()
        numbers = pd.to_numeric(text.str.removesuffix("%"), errors="coerce")
        if text.str.endswith("%").any() and numbers.notna().all():
            votes = votes.assign(**{name: numbers.astype(float)})
    return votes


def find_targets(
    votes: pd.DataFrame, stated: list[str] | None, votes_are: str, table: Path
) -> list[str]:
    """Return the columns to predict.

    Those stated; else every numeric one (of counts, but those computed of others); else the
    only one of text, which holds classes.

    Parameters
    ----------
    votes : DataFrame
        With a column `id`, as `galopt.data.tables.read_table` indexes it.
    stated : list of str or None
        What `survey.folder.targets` says. A single column of text or whole numbers holds
        classes.
    votes_are : str
        'fractions', 'percent' or 'counts'.
    table : path
        Named in messages.

    Raises
    ------
    DataError
        There are none, it is not clear which, one is not all numbers, or its name is taken.
    """
    names = [name for name in column_names(votes) if name not in KEYS]
    numeric = [name for name in names if not _is_text(votes[name])]
    if stated is None:
        stated = _unstated(votes, names, votes_are, table)
    if missing := [name for name in stated if name not in names]:
        raise DataError(
            f"{table}: no column {', '.join(missing)} for survey.folder.targets; there are "
            f"{', '.join(names) or 'none'}"
        )
    alike = pd.Index([name.lower() for name in stated]).duplicated()
    if alike.any():
        raise DataError(
            f"{table}: two targets are called {stated[alike.argmax()]}, but for capitals; rename "
            "one, or name the target columns with survey.folder.targets"
        )
    if len(stated) == 1 and stated[0] not in numeric and not _bad_numbers(votes[stated[0]]):
        return stated
    for name in stated:
        if name not in numeric:
            raise _no_numbers(votes, name, table)
        if name in RESERVED or not re.fullmatch(r"[\w. -]+", name, re.ASCII):
            raise DataError(
                f"{table}: a target may not be called {name!r}; rename the column (letters, "
                f"digits, spaces, _ - . and none of {', '.join(RESERVED)}) or name the target "
                "columns in survey.folder.targets"
            )
    return stated


def _unstated(votes: pd.DataFrame, names: list[str], votes_are: str, table: Path) -> list[str]:
    """Choose the targets of a table about which nothing is stated, or ask."""
    text = [name for name in names if _is_text(votes[name])]
    numeric = [name for name in names if name not in text]
    if votes_are == "counts":
        numeric = [name for name in numeric if not name.endswith(DERIVED)]
    for name in text:
        if _bad_numbers(votes[name]):
            raise _no_numbers(votes, name, table)
    ask = "say which with survey.folder.targets"
    if not numeric:
        if len(text) == 1:
            return text
        have = f"the class is in one of {', '.join(text)}: {ask}" if text else "add one"
        raise DataError(f"{table}: no column of vote fractions; {have}")
    most = min(MOST_CLASSES, len(votes) / 2)
    classes = [name for name in text if 1 < votes[name].nunique() <= most]
    if classes and not _surely_votes(votes, numeric, votes_are):
        raise DataError(
            f"{table}: the class {' or '.join(classes)}, or the numbers {', '.join(numeric)} are "
            f"to be predicted: {ask}"
        )
    if len(numeric) == 1 and votes[numeric[0]].dtype.kind == "i" and votes_are == "fractions":
        name = numeric[0]
        raise DataError(
            f"{table}: {name} holds whole numbers from {votes[name].min()} to "
            f"{votes[name].max()}; if they are classes, set survey.folder.targets: [{name}]"
        )
    return numeric


def _surely_votes(votes: pd.DataFrame, numeric: list[str], votes_are: str) -> bool:
    """Whether the numbers beside a column of text can only be votes."""
    told = votes_are != "fractions" or "n_votes" in votes or len(questions_of(numeric)) > 1
    return told or (len(numeric) > 1 and adds_up(votes, numeric))


def adds_up(votes: pd.DataFrame, targets: list[str]) -> bool:
    """Whether every galaxy's fractions sum to one, so that each voter gave one answer."""
    return bool(np.allclose(votes[targets].sum(axis=1), 1, atol=ONE_ANSWER))


def _is_text(column: pd.Series) -> bool:
    return column.dtype.kind not in "iuf"


def _bad_numbers(column: pd.Series) -> bool:
    return _is_text(column) and looks_like_numbers(column)


def _no_numbers(votes: pd.DataFrame, name: str, table: Path) -> DataError:
    """Return an error that names the cell that makes text of a column of numbers."""
    wrong = pd.to_numeric(votes[name], errors="coerce").isna()
    if not wrong.any():
        return DataError(f"{table}: {name} holds its numbers as text; store them as numbers")
    value = votes[name][wrong].iloc[0]
    hint = ""
    if "%" in str(value):
        hint = "; for per cent set survey.folder.votes_are: percent"
    elif re.fullmatch(r"[-+]?\d*,\d+", str(value)):
        hint = "; write decimals with a point"
    return DataError(f"{table}, {row_name(votes, wrong)}: {name} is {value!r}, not a number{hint}")
