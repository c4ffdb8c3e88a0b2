"""Several people looking at the galaxies of a folder: who sees which, and what is known."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from galopt.errors import DataError
from galopt.labelling.agreement import agreement
from galopt.labelling.answers import Answers
from galopt.labelling.order import Order


class Session:
    """Hands out galaxies, keeps the answers and writes the votes.

    Parameters
    ----------
    galaxies : DataFrame
        ``id`` and ``file``.
    answers : Answers
        What was answered so far; the session goes on from there.
    order : Order
        Of the same galaxies.
    votes : path
        Receives the votes; beside it lie the answers.
    people : int
        How many look at a galaxy before it is done.
    """

    def __init__(
        self, galaxies: pd.DataFrame, answers: Answers, order: Order, votes: Path, people: int = 1
    ) -> None:
        self.galaxies, self.answers, self.order = galaxies, answers, order
        self.votes, self.people = votes, people
        self.rows = {galaxy: row for row, galaxy in enumerate(galaxies["id"])}
        self.looking: dict[str, int] = {}
        self._turn, self._writing = threading.Lock(), threading.Lock()
        for galaxy in answers.table()["galaxy"].unique():
            if galaxy in self.rows:
                order.learn(self.rows[galaxy])

    def show(self, person: str) -> dict[str, Any]:
        """Return what a person sees: the next galaxy, and how far the work is.

        Returns
        -------
        dict
            ``number`` and ``id`` of a galaxy (None if none is left), ``yours``: answers of the
            person; ``done``: galaxies that enough people saw; ``galaxies``: all.
        """
        with self._turn:
            return self._shown(person, self.answers.table())

    def answer(self, person: str, number: int, ticks: list[str]) -> dict[str, Any]:
        """Keep an answer and return what comes next, as `show`.

        Raises
        ------
        DataError
            The person has answered for this galaxy, or the answer is none.
        """
        if not 0 <= number < len(self.galaxies):
            raise DataError(f"there is no galaxy {number}")
        with self._turn:
            galaxy = self.galaxies.iloc[number]
            self.answers.add(person, galaxy["id"], Path(galaxy["file"]), ticks)
            self.order.learn(number)
            self.looking.pop(person, None)
            return self._shown(person, self.answers.table())

    def undo(self, person: str) -> dict[str, Any]:
        """Forget a person's last answer and return its galaxy, as `show`."""
        with self._turn:
            galaxy = self.answers.undo(person)
            if galaxy in self.rows:
                self.looking[person] = self.rows[galaxy]
            return self._shown(person, self.answers.table())

    def agreement(self) -> list[dict[str, Any]]:
        """Return the rows of `galopt.labelling.agreement.agreement`, None for what is missing."""
        table = agreement(self.answers.table())
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]

    def write(self) -> None:
        """Write the votes of now."""
        with self._writing:
            self.answers.write_votes(self.votes)

    def _shown(self, person: str, answers: pd.DataFrame) -> dict[str, Any]:
        numbers = answers["galaxy"].map(self.rows)
        by_them = answers["person"] == person
        seen = np.zeros(len(self.galaxies), int)
        np.add.at(seen, numbers.dropna().astype(int), 1)
        fresh = np.ones(len(self.galaxies), bool)
        fresh[numbers[by_them].dropna().astype(int)] = False
        number = self._chosen(person, seen, fresh)
        galaxy = None if number is None else self.galaxies["id"].iloc[number]
        return {
            "number": number,
            "id": galaxy,
            "yours": int(by_them.sum()),
            "done": int((seen >= self.people).sum()),
            "galaxies": len(self.galaxies),
        }

    def _chosen(self, person: str, seen: np.ndarray, fresh: np.ndarray) -> int | None:
        """Return the galaxy in front of a person, else the next: first those others began."""
        number = self.looking.get(person)
        if number is None:
            others = [at for who, at in self.looking.items() if who != person]
            claimed = np.bincount(others, minlength=len(seen))
            wanted = fresh & (seen + claimed < self.people)
            if not wanted.any():  # somebody may never come back to what he was shown
                wanted = fresh & (seen < self.people)
            begun = wanted & (seen > 0)
            number = self.order.best(begun if begun.any() else wanted)
        if number is not None:
            self.looking[person] = number
        return number
