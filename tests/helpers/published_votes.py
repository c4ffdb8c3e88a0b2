"""Votes written in the formats in which they were published."""

import gzip
from pathlib import Path

import pandas as pd

from galopt.data.survey.votes import TARGETS

ROW_BYTES = 487
TABLE3 = {  # byte columns of CDS J/ApJS/221/11, table3.dat
    "depth": (1, 7, ">7"),
    "area": (9, 16, "<8"),
    "id": (18, 29, "<12"),
    "ra": (31, 39, "9.6f"),
    "dec": (41, 50, "10.6f"),
    "n_votes": (66, 67, "2d"),
    "spheroid": (69, 77, "9.7f"),
    "disk": (79, 87, "9.7f"),
    "irregular": (89, 97, "9.7f"),
    "point_source": (139, 147, "9.7f"),
    "unclassifiable": (149, 157, "9.7f"),
}


def table3_line(**values: object) -> str:
    """Return one row; a column that is not given, or NaN, is blank."""
    line = " " * ROW_BYTES
    for name, value in values.items():
        first, last, form = TABLE3[name]
        if value != value:
            continue
        cell = f"{value:{form}}"
        assert len(cell) == last - first + 1, (name, cell)
        line = line[: first - 1] + cell + line[last:]
    return line


def write_table3(path: Path, votes: pd.DataFrame) -> None:
    """Write id, ra, dec, n_votes and fractions; depth and area if the table has them."""
    rows = votes[[name for name in TABLE3 if name in votes]].to_dict("records")
    text = "".join(
        table3_line(**({"depth": "2epoch", "area": "wide"} | row)) + "\n" for row in rows
    )
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def write_galaxy_zoo(path: Path, votes: pd.DataFrame) -> None:
    """Write smooth, features and artifact, and the weighted columns beside them."""
    question = "t00_smooth_or_featured"
    table = votes.rename(columns={"id": "ID", "ra": "RA", "dec": "Dec"})
    table = table.rename(columns={"n_votes": "num_classifications"})
    for number, answer in enumerate(("smooth", "features", "artifact")):
        table[f"{question}_a{number}_{answer}_frac"] = table.pop(answer)
        table[f"{question}_a{number}_{answer}_weighted_frac"] = 0.5
    table.assign(t16_merging_tidal_debris_a0_merging_frac=0.1).to_csv(path, index=False)


def some_votes() -> pd.DataFrame:
    """Return three galaxies with expert votes."""
    votes = pd.DataFrame(
        {
            "id": ["wide2_1", "wide2_2", "ers2_3"],
            "ra": [53.1, 53.2, 53.3],
            "dec": [-27.8, -27.7, -27.6],
            "n_votes": [3, 4, 5],
        }
    )
    votes[list(TARGETS)] = [[1, 0, 0, 0, 0], [0.25, 0.75, 0.5, 0, 0], [0, 0.4, 0.6, 0.2, 0]]
    return votes
