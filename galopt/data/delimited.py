"""Text tables (CSV and its relatives): every cell as it is written, then exact numbers."""

import csv
import io
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

SEPARATORS = ",;\t|"
"""Tried in the header's line; a header without any is split at spaces."""

MISSING = ("", "na", "n/a", "nan", "null", "none")
"""What stands for no number, in any case; in a column of text it is text."""

EXACT = 2**53
"""Whole numbers beyond this have no exact float64, and are identifiers rather than amounts."""

_ROWS = 10_000
"""Rows of text held as Python objects at once."""


def read_delimited(path: Path, as_written: Collection[str] = ()) -> pd.DataFrame:
    """Read a text table whose first line, comments aside, is its header.

    Parameters
    ----------
    path : path
        UTF-8 (with or without its mark) or marked UTF-16. Cells are separated by commas,
        semicolons, tabs, bars or spaces; spaces around them do not count; lines that begin
        with ``#`` are comments.
    as_written : collection of str
        Columns that stay text whatever they hold, in lower case.

    Returns
    -------
    DataFrame
        Indexed by line, the file's first being 1. Columns of plain numbers are int64 or
        float64; others are text, as are identifiers: numbers with leading zeros or beyond
        `EXACT`. A cell without a value is missing.

    Raises
    ------
    ValueError
        The text cannot be decoded, there is no header, a column has no name, or a row has
        more or fewer cells than the header.
    """
    rows = _rows(list(io.StringIO(_decode(path.read_bytes()), newline=None)))
    _, header = next(rows, (0, []))
    if not header:
        raise ValueError("the file is empty")
    _check_header(header)
    chunks = [_chunk([], header)]
    while chunk := list(islice(rows, _ROWS)):
        chunks.append(_chunk(chunk, header))
    table = _named(pd.concat(chunks), header)
    for name in table:
        keep = str(name).lower() in as_written
        table[name] = _text(table[name]) if keep else _parsed(table[name])
    return table


def check_names(names: list[str]) -> None:
    """Raise a ValueError if two columns have one name."""
    twice = pd.Index(names).duplicated()
    if twice.any():
        raise ValueError(f"two columns have the same name, {names[twice.argmax()]}; rename one")


def _check_header(header: list[str]) -> None:
    check_names([name for name in header if name])
    for name in header:
        if "." in name and pd.notna(pd.to_numeric(name, errors="coerce")):
            raise ValueError(f"no header: its first row holds the number {name}; name the columns")


def _decode(content: bytes) -> str:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line} is not UTF-8; save the table as UTF-8") from None


def _rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of every row that is neither blank nor a comment."""
    kept = [n for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not kept:
        return
    header = lines[kept[0] - 1]
    separator = max(SEPARATORS, key=header.count)
    if separator not in header:
        separator = " "
    text = (lines[n - 1].strip(" \n") + "\n" for n in kept)
    reader = csv.reader(text, delimiter=separator, skipinitialspace=True, strict=True)
    read = 0
    try:
        for cells in reader:
            line, read = kept[read], reader.line_num
            yield line, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise ValueError(f"line {kept[min(read, len(kept) - 1)]}: {error}") from None


def _chunk(rows: list[tuple[int, list[str]]], header: list[str]) -> pd.DataFrame:
    """Return rows as text, each as long as the header; empty cells beyond it are dropped."""
    width = len(header)
    for line, cells in rows:
        if any(cells[width:]) or len(cells) < width:
            raise ValueError(f"line {line} has {len(cells)} cells, the header has {width}")
    index = pd.Index([line for line, _ in rows], dtype=int, name="line")
    text = [cells[:width] for _, cells in rows]
    return pd.DataFrame(text, index=index, columns=range(width), dtype="string")


def _named(table: pd.DataFrame, header: list[str]) -> pd.DataFrame:
    """Name the columns; drop those without a name that are empty or count the rows."""
    nameless = [number for number, name in enumerate(header) if not name]
    for number in nameless:
        cells = table[number]
        counted = [str(row) for row in range(len(table))]
        if not ((cells == "").all() or list(cells) == counted):
            raise ValueError(f"column {number + 1} has no name in the header")
    table = table.drop(columns=nameless)
    table.columns = pd.Index([name for name in header if name])
    return table


def _parsed(cells: pd.Series) -> pd.Series:
    """Return a column of text as numbers, if that is what all its cells are."""
    missing = cells.str.lower().isin(MISSING)
    text = cells[~missing]
    if text.empty or pd.to_numeric(text, errors="coerce").isna().any():
        return _text(cells)
    if text.str.fullmatch(r"[+-]?\d+").all():
        if text.str.match(r"[+-]?0\d").any() or text.str.len().max() > len(str(EXACT)):
            return _text(cells.mask(missing, ""))
        if not missing.any():
            return cells.astype("int64")
    numbers = np.full(len(cells), np.nan)
    numbers[~missing] = [float(value) for value in text]
    return pd.Series(numbers, cells.index)


def _text(cells: pd.Series) -> pd.Series:
    return cells.astype(object).where(cells != "", None)


def looks_like_numbers(cells: pd.Series) -> bool:
    """Whether text is numbers with faults: fractions or percentages among few other words.

    Class names, dates, comments and whole numbers (which may be names) are none.
    """
    text = cells.dropna().astype(str).str.strip()
    number = r"[<>~]?\s*[-+]?(?:\d+[.,]\d*|[.,]\d+)(?:[eE][-+]?\d+)?\s*%?|\d+\s*%"
    written = text.str.fullmatch(number)
    others = text[~written & ~text.str.fullmatch(r"[-+]?\d+")]
    few = others.nunique() <= 3 or len(others) < len(text) / 2
    return bool(written.any() and few)
