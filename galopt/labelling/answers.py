"""What people answered, in a file that no crash takes anything from."""

import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from galopt.data.survey.votes import KEYS, RESERVED
from galopt.errors import DataError
from galopt.files import atomic_file

_TABLES = """
CREATE TABLE IF NOT EXISTS asked (targets TEXT NOT NULL, several INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL, galaxy TEXT NOT NULL,
    file TEXT NOT NULL, ticks TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (person, galaxy)
);
"""


class Answers:
    """Answers of several people, one per person and galaxy.

    Each is on the disk before `add` returns (SQLite's ``synchronous=EXTRA``).

    Parameters
    ----------
    path : path
        The database; made if it is not there.
    targets : sequence of str, optional
        What is asked; needed for a new database.
    several : bool
        Whether several targets may be ticked; matters for a new database.

    Raises
    ------
    DataError
        The file is none of these, or asks something else; or a new one has no targets.
    """

    def __init__(
        self, path: Path, targets: Sequence[str] | None = None, several: bool = False
    ) -> None:
        if not path.exists() and not targets:
            raise DataError(f"{path}: nothing asked yet; name the classes: --targets spiral,smooth")
        if not path.exists():
            _check(targets or ())
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self._turn = path, threading.Lock()
        try:
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._base.execute("PRAGMA synchronous = EXTRA")
            self._base.executescript(_TABLES)
            asked = self._base.execute("SELECT targets, several FROM asked").fetchone()
        except sqlite3.Error as error:
            raise DataError(f"{path}: no answers of galopt label ({error})") from None
        if asked is None:
            asked = json.dumps(targets), several
            self._base.execute("INSERT INTO asked VALUES (?, ?)", asked)
        self.targets, self.several = list(json.loads(asked[0])), bool(asked[1])
        if targets and list(targets) != self.targets:
            raise DataError(
                f"{path}: asks for {', '.join(self.targets)}; leave --targets out to go on, or "
                "choose another --out"
            )

    def add(self, person: str, galaxy: str, file: Path, ticks: Sequence[str]) -> None:
        """Keep an answer; no tick means seen, and no vote.

        Raises
        ------
        DataError
            The person has answered for this galaxy, or ticked what was not asked.
        """
        wrong = [tick for tick in ticks if tick not in self.targets]
        if wrong or (len(ticks) > 1 and not self.several) or len(set(ticks)) < len(ticks):
            raise DataError(f"{', '.join(ticks)}: no answer to what is asked")
        row = person, galaxy, self._named(file), json.dumps(sorted(ticks, key=self.targets.index))
        sql = "INSERT INTO answers (person, galaxy, file, ticks) VALUES (?, ?, ?, ?)"
        with self._turn:
            try:
                self._base.execute(sql, row)
            except sqlite3.IntegrityError:
                raise DataError(f"{person} has answered for {galaxy}") from None

    def undo(self, person: str) -> str | None:
        """Forget a person's last answer; return its galaxy, or None if there is none."""
        last = "SELECT number, galaxy FROM answers WHERE person = ? ORDER BY number DESC LIMIT 1"
        with self._turn:
            found = self._base.execute(last, (person,)).fetchone()
            if found:
                self._base.execute("DELETE FROM answers WHERE number = ?", found[:1])
        return found and found[1]

    def table(self) -> pd.DataFrame:
        """Return ``person``, ``galaxy``, ``file`` and ``ticks`` (tuple) of all, oldest first."""
        sql = "SELECT person, galaxy, file, ticks FROM answers ORDER BY number"
        with self._turn:
            rows = self._base.execute(sql).fetchall()
        table = pd.DataFrame(rows, columns=["person", "galaxy", "file", "ticks"])
        return table.assign(ticks=table["ticks"].map(lambda ticks: tuple(json.loads(ticks))))

    def votes(self) -> pd.DataFrame:
        """Return ``id``, ``file``, ``n_votes`` and the fraction of each target."""
        table = self.table()
        table = table[table["ticks"].astype(bool)]
        ticked = {name: table["ticks"].map(lambda t, name=name: name in t) for name in self.targets}
        seen = table.assign(**ticked).groupby("galaxy", sort=False)
        votes = seen[self.targets].mean().round(6)
        votes.insert(0, "n_votes", seen.size())
        votes.insert(0, "file", seen["file"].last())
        return votes.rename_axis("id").reset_index()

    def write_votes(self, path: Path) -> None:
        """Write the votes as a folder survey has them, atomically."""
        with atomic_file(path) as temporary:
            self.votes().to_csv(temporary, index=False)

    def _named(self, file: Path) -> str:
        """Return how the votes name a file: from their folder, which may move, if it is there."""
        folder, file = self.path.resolve().parent, file.resolve()
        return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _check(targets: Sequence[str]) -> None:
    folded = [name.lower() for name in targets]
    if len(set(folded)) < len(folded) or len(folded) < 2 or "" in folded:
        raise DataError("--targets: name two classes or more, each once, such as spiral,smooth")
    if taken := set(folded) & {*KEYS, *RESERVED}:
        raise DataError(f"--targets: a class may not be called {min(taken)}")
