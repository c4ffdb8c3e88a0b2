"""Votes as fractions of the voters, from counts, per cent or classes; every wrong cell named."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from galopt.data.question_groups import questions_of
from galopt.data.tables import check_positions, row_name
from galopt.errors import DataError

KEYS = ("id", "file", "number", "ra", "dec", "n_votes", "split")
"""Columns of a votes table that are never targets."""

RESERVED = (
    *("split", "sigma", "snr", "r50", "mag"),  # columns of the catalogue
    *("overall", "constant", "floor", "per_galaxy", "expected", "rmse"),  # parts of the results
)
"""What a target may not be called beside `KEYS`."""

ROUND_OFF = 1e-6
"""How far outside [0, 1] a fraction may lie and still be 0 or 1: float32 sums."""


def to_fractions(
    votes: pd.DataFrame, targets: list[str], votes_are: str, table: Path
) -> tuple[pd.DataFrame, list[str]]:
    """Return a table of vote fractions, and their names.

    Parameters
    ----------
    votes : DataFrame
        With a column `id`, as `galopt.data.tables.read_table` indexes it.
    targets : list of str
        What `galopt.data.survey.targets.find_targets` chose.
    votes_are : str
        'fractions', 'percent' or 'counts'; does not matter for one column of classes.
    table : path
        Named in messages.

    Raises
    ------
    DataError
        A cell cannot be what it is said to be; the message names the row.
    """
    if votes[targets[0]].dtype.kind not in "if" or (
        votes_are == "fractions" and len(targets) == 1 and votes[targets[0]].dtype.kind == "i"
    ):
        votes, targets = one_hot(votes, targets[0], table)
    elif votes_are == "percent":
        if not votes[targets].gt(1).to_numpy().any():
            raise DataError(
                f"{table}: survey.folder.votes_are is percent, but no vote is above 1; set it to "
                "fractions"
            )
        votes = votes.assign(**{name: votes[name] / 100 for name in targets})
    elif votes_are == "counts":
        votes = _shares(votes, targets, table)
    return check_votes(votes, targets, table), targets


def one_hot(votes: pd.DataFrame, label: str, table: Path) -> tuple[pd.DataFrame, list[str]]:
    """Turn class names into fractions: one for the galaxy's class, zero for the others.

    Parameters
    ----------
    votes : DataFrame
        With a column `label` of class names or whole numbers.
    label, table
        Named in messages.

    Returns
    -------
    votes : DataFrame
        With one column per class in place of `label`, float64.
    classes : list of str
        Their names, numbers in order, then sorted; what is no ASCII letter, digit or minus
        becomes an underscore.

    Raises
    ------
    DataError
        A name is empty, two are alike, or they are no classes: one for all, or one for each.
    """
    names = votes[label].astype("string").str.strip().fillna("")
    empty = names == ""
    if empty.any():
        raise DataError(f"{table}, {row_name(votes, empty)}: {label} is empty; name the class")
    safe = names.map({name: re.sub(r"[^A-Za-z0-9-]+", "_", name) for name in names.unique()})
    classes = sorted(safe.unique(), key=lambda name: (len(name) if name.isdigit() else 99, name))
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


def _shares(votes: pd.DataFrame, targets: list[str], table: Path) -> pd.DataFrame:
    """Return numbers of voters as fractions of all voters of a galaxy.

    Parameters
    ----------
    votes : DataFrame
        Whole numbers of ticks, and optionally `n_votes`; without it the voters are the
        ticks of the question that most people answered, for a person gives one answer to
        each.
    targets : list of str
        Columns of ticks; of several questions if their names say so, see `questions_of`.
    table : path
        Named in messages.

    Returns
    -------
    DataFrame
        Fractions in place of the counts, and `n_votes`.

    Raises
    ------
    DataError
        A cell is no number of ticks, nobody voted, or more ticked than voted.
    """
    for name in targets:
        ticks = votes[name].astype(float)
        wrong = ~(ticks >= 0) | (ticks % 1 != 0)
        if wrong.any():
            value = _cell(votes, name, wrong)
            raise DataError(
                f"{table}, {row_name(votes, wrong)}: {name} is {value}; survey.folder.votes_are "
                "is counts, and a count of votes is a whole number from 0"
            )
    if "n_votes" not in votes:
        asked = [votes[answers].sum(axis=1) for answers in questions_of(targets).values()]
        votes = votes.assign(n_votes=pd.concat(asked, axis=1).max(axis=1).astype(int))
    _check_voters(votes, table)
    more = (votes[targets].gt(votes["n_votes"], axis=0)).any(axis=1)
    if more.any():
        raise DataError(f"{table}, {row_name(votes, more)}: an answer has more votes than n_votes")
    fractions = votes[targets].astype(float).div(votes["n_votes"], axis=0)
    return votes.assign(**{name: fractions[name] for name in targets})


def check_votes(votes: pd.DataFrame, targets: list[str], table: Path) -> pd.DataFrame:
    """Return the votes, with fractions of 0 and 1 freed from rounding errors.

    Raises
    ------
    DataError
        Names the first wrong id, position, fraction or number of votes.
    """
    _check_ids(votes, table)
    votes = check_positions(votes, table, blank=True)
    fractions = votes[targets].astype(float)
    near = fractions.clip(0, 1)
    fractions = near.where((near - fractions).abs() <= ROUND_OFF, fractions)
    for name in targets:
        outside = ~fractions[name].between(0, 1)
        if outside.any():
            raise _no_fraction(votes, name, outside, table)
    if "n_votes" in votes:
        _check_voters(votes, table)
    return votes.assign(**{name: fractions[name] for name in targets})


def _no_fraction(votes: pd.DataFrame, name: str, wrong: pd.Series, table: Path) -> DataError:
    where = f"{table}, {row_name(votes, wrong)}: {name} is"
    if votes[name][wrong].isna().iloc[0]:
        return DataError(
            f"{where} empty; where a question was not asked, write 0 for the share of all voters, "
            "or leave the column out with survey.folder.targets"
        )
    return DataError(
        f"{where} {_cell(votes, name, wrong)}; a vote fraction lies between 0 and 1 (per cent or "
        "numbers of voters: set survey.folder.votes_are; one class per galaxy, or columns that "
        "are no votes: survey.folder.targets)"
    )


def _check_voters(votes: pd.DataFrame, table: Path) -> None:
    count = pd.to_numeric(votes["n_votes"], errors="coerce").astype(float)
    wrong = ~(count >= 1) | (count % 1 != 0)
    if wrong.any():
        raise DataError(
            f"{table}, {row_name(votes, wrong)}: n_votes is {_cell(votes, 'n_votes', wrong)}; "
            "it must be a whole number of at least 1"
        )


def _check_ids(votes: pd.DataFrame, table: Path) -> None:
    empty = votes.id.isna() | (votes.id.str.strip() == "")
    if empty.any():
        raise DataError(f"{table}, {row_name(votes, empty)}: the id is empty")
    twice = votes.id.duplicated()
    if twice.any():
        raise DataError(
            f"{table}, {row_name(votes, twice)}: the id is there twice; ids must be unique "
            "(repeat a galaxy under one 'number' instead)"
        )


def _cell(votes: pd.DataFrame, name: str, where: pd.Series) -> object:
    return votes[name][where.to_numpy()].iloc[0]


TARGETS = ("spheroid", "disk", "irregular", "point_source", "unclassifiable")
"""The classes of Kartaltepe et al. (2015), table 3; a voter may tick several."""


def papers_classes(targets: Iterable[str]) -> bool:
    """Whether targets are among the classes of Ignat et al. (2016), so that its RMSE tells."""
    return set(targets) <= set(TARGETS)
