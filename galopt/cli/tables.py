"""Tables for people: in the terminal, and as CSV or LaTeX to take away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from galopt.errors import printable
from galopt.files import atomic_file

WHOLE = ("id", "what", "when", "way")
"""Text columns that are never broken."""


def show(table: pd.DataFrame, spare: Sequence[str] = (), cut: str | None = None) -> None:
    """Print a table; numbers with four decimals, to the right; nothing for a missing value.

    Parameters
    ----------
    table : DataFrame
    spare : sequence of str
        Columns that a terminal of less than 120 characters does without.
    cut : str, optional
        A column whose texts are cut where a row would need a second line.
    """
    console = Console()
    if console.width < 120:
        table = table.drop(columns=list(spare))
    if cut:
        table = _cut(table, cut, console.width)
    view = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in table:
        number = pd.api.types.is_numeric_dtype(table[name])
        header = str(name).replace("_", " ") if number else str(name)
        view.add_column(
            header, justify="right" if number else "left", no_wrap=number or name in WHOLE
        )
    for row in table.itertuples(index=False):
        view.add_row(*(escape(_text(value)) for value in row))
    console.print(view)


def save(table: pd.DataFrame, csv: Path | None, latex: Path | None) -> None:
    """Write a table as CSV, as a LaTeX `tabular` (package booktabs), as both or not at all."""
    if csv:
        with atomic_file(csv) as path:
            table.map(_cell).to_csv(path, index=False)
    if latex:
        text = table.map(_text).to_latex(
            index=False, escape=True, column_format=_columns(table), na_rep=""
        )
        with atomic_file(latex) as path:
            path.write_text(text, encoding="utf-8")


def _cell(value: Any) -> Any:
    """Return a value for a spreadsheet, in which a text is never a formula."""
    return (
        f"'{value}" if isinstance(value, str) and value.startswith(("=", "@", "+", "-")) else value
    )


def _cut(table: pd.DataFrame, name: str, width: int) -> pd.DataFrame:
    """Shorten the texts of a column so that every row fits into so many characters."""
    wide = [
        max([len(str(other)), *(len(_text(value)) for value in table[other])]) + 2
        for other in table.columns.drop(name)
    ]
    room = max(8, width - sum(wide) - 2)
    texts = [_text(value).replace("\n", " ") for value in table[name]]
    short = [text if len(text) <= room else f"{text[: room - 1]}…" for text in texts]
    return table.assign(**{name: short})


def _columns(table: pd.DataFrame) -> str:
    numeric = [pd.api.types.is_numeric_dtype(table[name]) for name in table]
    return "".join("r" if number else "l" for number in numeric)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    return f"{value:.4f}" if isinstance(value, float) else printable(str(value))
