"""Which galaxies look alike to a network, and which like no other: distances of features."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from galopt.errors import DataError

NEIGHBOURS = 10
"""Galaxies near which a galaxy must lie to be no outlier."""


def read_features(path: Path) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Read what `galopt embed`, or `galopt predict --embed`, wrote.

    Returns
    -------
    galaxies : DataFrame
        ``id`` and ``file``.
    features : array, shape (N, F), float32

    Raises
    ------
    DataError
        The file is missing, or no table of features.
    """
    try:
        read = _read_fits if path.suffix == ".fits" else _read_parquet
        galaxies, features = read(path)
    except Exception as error:  # damaged files raise nearly anything from the reader
        reason = "no such file" if not Path(path).exists() else " ".join(str(error).split())
        raise DataError(f"{path}: no features ({reason}); write them: galopt embed") from None
    return galaxies, features


def _read_parquet(path: Path) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    table = pq.read_table(path, columns=["id", "file", "features"])
    features = np.stack(table["features"].to_numpy()).astype(np.float32)
    return table.select(["id", "file"]).to_pandas(), features


def _read_fits(path: Path) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    table = Table.read(path, mask_invalid=False)
    galaxies = pd.DataFrame(
        {name: np.char.strip(table[name].astype(str)) for name in ("id", "file")}
    )
    return galaxies, np.asarray(table["features"], np.float32)


def similar(path: Path, galaxy: str, count: int = NEIGHBOURS) -> pd.DataFrame:
    """Find the galaxies that look most like one, to the network that wrote the features.

    Parameters
    ----------
    path : path
        Written by `galopt embed`.
    galaxy : str
        Its ``id`` or ``file``.
    count : int
        How many to find.

    Returns
    -------
    DataFrame
        ``id``, ``file`` and ``distance``, nearest first, without the galaxy itself. The distance
        is one minus the cosine between features, 0 to 2.

    Raises
    ------
    DataError
        The galaxy is not in the table, or the file is not one.
    """
    galaxies, features = read_features(path)
    rows = np.flatnonzero((galaxies["id"] == galaxy) | (galaxies["file"] == galaxy))
    if not len(rows):
        raise DataError(f"{path}: no galaxy {galaxy!r}; its ids are such as {galaxies['id'][0]!r}")
    directions = _directions(features)
    distance = 1 - directions @ directions[rows[0]]
    distance[rows[0]] = np.inf
    near = np.argsort(distance, kind="stable")[: min(count, len(galaxies) - 1)]
    found = galaxies.iloc[near].assign(distance=np.maximum(distance[near], 0))
    return found.reset_index(drop=True)


def outliers(path: Path) -> pd.DataFrame:
    """Rank galaxies by how far even their nearest neighbours are.

    Parameters
    ----------
    path : path
        Written by `galopt embed`.

    Returns
    -------
    DataFrame
        ``id``, ``file``, ``score`` (mean distance of the `NEIGHBOURS` nearest, as in `similar`),
        ``percentile`` of the score among all, and ``nearest``, the id of the nearest galaxy;
        the strangest first.

    Raises
    ------
    DataError
        There are too few galaxies, or the file is not one.
    """
    galaxies, features = read_features(path)
    if len(galaxies) <= NEIGHBOURS:
        raise DataError(f"{path}: {len(galaxies)} galaxies; more than {NEIGHBOURS} are needed")
    distance, near = nearest(features)
    score = distance.mean(axis=1)
    ranked = galaxies.assign(
        score=score,
        percentile=100 * (score.argsort().argsort() + 1) / len(score),
        nearest=galaxies["id"].to_numpy()[near[:, 0]],
    )
    return ranked.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)


def nearest(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the distances, as in `similar`, and rows of the `NEIGHBOURS` nearest of each galaxy.

    Parameters
    ----------
    features : array, shape (N, F), float32
        Of more galaxies than `NEIGHBOURS`.

    Returns
    -------
    distance, row : array, shape (N, NEIGHBOURS)
        Nearest first, without the galaxy itself.
    """
    # Half the square of the distance between unit vectors is one minus their cosine, and the
    # search by distance is much the faster one.
    search = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute")
    distance, row = search.fit(_directions(features)).kneighbors()
    return distance**2 / 2, row


def _directions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)
