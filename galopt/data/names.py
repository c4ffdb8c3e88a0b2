"""Ids, file names and targets from outside: what may be shown, written and opened anywhere."""

import re
from collections.abc import Iterable

from galopt.errors import DataError

LONGEST = 200
"""Characters of an id or a target; file systems allow 255 bytes of a name."""

LONGEST_PATH = 4096
"""Characters of a path, PATH_MAX of Linux."""

_FORMULA = re.compile(r"[=@]|[+-](?![\d.][\w.+-]*$)")
"""How a cell begins that a spreadsheet would run; +53.1-27.8 is an id."""


def check_names(names: Iterable[str], where: str, longest: int = LONGEST) -> None:
    """Refuse names that a terminal, a page or a spreadsheet could take for more than a name.

    Parameters
    ----------
    names : iterable of str
    where : str
        Begins the message: the file they are from, and what they are.
    longest : int
        Characters that one may have.

    Raises
    ------
    DataError
        One is too long, holds a character that is not printable, or begins as a formula.
    """
    for name in names:
        if len(name) > longest:
            wrong = f"has {len(name):,} characters; {longest} at most"
        elif not name.isprintable():
            wrong = "holds what cannot be printed; letters, digits, spaces and signs may be there"
        elif _FORMULA.match(name):
            wrong = "begins as a formula of a spreadsheet, with = @ + or -; rename it"
        else:
            continue
        raise DataError(f"{where} {name[:40]!r} {wrong}")


def plain_name(text: str) -> str:
    """Return a name for headings in any language of markup: letters, digits, spaces, ``_.+-``."""
    return re.sub(r"[^\w .+-]", "_", text)[:LONGEST]
