"""What the page shows of each galaxy, collected from a model in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.data.imaging.composite import composites
from galopt.errors import DataError
from galopt.prediction.embedding import embedder
from galopt.prediction.model import ERROR, SPREAD_ONLY, MorphologyModel
from galopt.prediction.neighbours import NEIGHBOURS, nearest
from galopt.report.explore.thumbnails import Sheets, side_for

MEASURED = {"mag": "magnitude", "r50": "half-light radius, arcsec", "snr": "signal-to-noise ratio"}
MOST = 100_000
"""Galaxies on one page; more belong on a server."""

Chunk = tuple[NDArray[np.uint8], pd.DataFrame]


@dataclass(frozen=True)
class Column:
    """A value of every galaxy.

    Attributes
    ----------
    name : str
        What it is, in words.
    values : array, shape (N,)
        float32, missing values NaN; or codes of `words`, uint8.
    words : list of str
        Of the codes; none for numbers.
    """

    name: str
    values: NDArray[np.float32] | NDArray[np.uint8]
    words: list[str]


@dataclass(frozen=True)
class Explored:
    """Galaxies as the page needs them.

    Attributes
    ----------
    ids : list of str, length N
    targets : list of str
    columns : list of Column
        ``predicted disk``, ``voted disk``, ``error of disk`` and so on.
    features : array, shape (N, F), float32
    near : array, shape (N, K), int
        The most similar galaxies of each, nearest first.
    sheets : Sheets
    """

    ids: list[str]
    targets: list[str]
    columns: list[Column]
    features: NDArray[np.float32]
    near: NDArray[np.intp]
    sheets: Sheets


def explore(model: MorphologyModel, chunks: Iterable[Chunk], galaxies: int) -> Explored:
    """Look at galaxies through a model.

    Parameters
    ----------
    model : MorphologyModel
    chunks : iterable of (array, DataFrame)
        Stored stamps, (M, S, S, C) uint8, and ``id``; of a dataset also ``split``, its targets and
        what was measured.
    galaxies : int
        How many there are about, for the size of the thumbnails.

    Raises
    ------
    DataError
        There are too few to compare, or more than `MOST`.
    """
    if galaxies > MOST:
        raise DataError(f"{galaxies:,} galaxies; a page holds {MOST:,}: give fewer, or a part")
    embed, sheets = embedder(model), Sheets(side_for(galaxies))
    tables, features = [], []
    for stamps, table in chunks:
        if len(table):
            sheets.add(composites(stamps, model.bands))
            features.append(embed(stamps))
            predicted = model.table(stamps, errors=True).add_prefix("predicted ")
            tables.append(pd.concat([table.reset_index(drop=True), predicted], axis=1))
    known = sum(map(len, tables))
    if known <= NEIGHBOURS:
        raise DataError(f"{known} galaxies; more than {NEIGHBOURS} are needed to compare them")
    table, seen = pd.concat(tables, ignore_index=True), np.concatenate(features)
    distance, near = nearest(seen)
    table["outlier"] = distance.mean(axis=1)
    ids = table["id"].astype(str).to_list()
    return Explored(ids, model.targets, _columns(table, model), seen, near, sheets)


def _columns(table: pd.DataFrame, model: MorphologyModel) -> list[Column]:
    names: dict[str, str] = {}
    for target in model.targets:
        label = target.replace("_", " ")
        names |= {f"predicted {target}": f"predicted {label}", target: f"voted {label}"}
        names |= {f"predicted {target}{ERROR}": f"error of {label}"}
        names |= {f"predicted {target}{SPREAD_ONLY}": f"spread of {label}"}
    names |= MEASURED | {"n_votes": "number of votes", "outlier": "outlier score"}
    columns = [
        Column(name, table[key].to_numpy(np.float32), [])
        for key, name in names.items()
        if key in table and table[key].notna().any()
    ]
    for target in model.targets:
        if target in table:
            off = table[f"predicted {target}"] - table[target]
            name = f"predicted minus voted {target.replace('_', ' ')}"
            columns.append(Column(name, off.to_numpy(np.float32), []))
    if "split" in table:
        codes, words = pd.factorize(table["split"])
        columns.append(Column("split", codes.astype(np.uint8), list(map(str, words))))
    return columns
