"""What a check has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHOWN = 24
"""Stamps of one finding that the page shows."""


@dataclass(frozen=True)
class Finding:
    """One thing about a dataset that its user should know.

    Attributes
    ----------
    level : {'error', 'warning', 'note'}
        An error makes what is measured on the dataset wrong; a warning may.
    title : str
        One line.
    advice : str
        What it means and what to do.
    stamps : DataFrame
        ``row`` (of the dataset's images) and ``why`` of the stamps concerned; empty if it
        concerns none in particular.
    """

    level: Literal["error", "warning", "note"]
    title: str
    advice: str
    stamps: pd.DataFrame


def finding(
    level: Literal["error", "warning", "note"],
    title: str,
    advice: str,
    rows: NDArray[np.intp] | None = None,
    why: Sequence[str] = (),
) -> Finding:
    """Make a finding; `rows` and `why` become the columns of its stamps."""
    stamps = {"row": np.zeros(0, int) if rows is None else rows, "why": list(why)}
    return Finding(level, title, advice, pd.DataFrame(stamps))


def count(number: int, one: str, many: str | None = None) -> str:
    """Say how many: '1 stamp', '1,200 stamps'."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
