"""What a network sees in galaxies: the features that its fractions are made of, as a table."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray

from galopt.files import atomic_file
from galopt.networks.inference import as_input
from galopt.prediction.model import MorphologyModel

_BATCH = 512

Parts = Iterator[tuple[pd.DataFrame, NDArray[np.float32]]]


def embedder(model: MorphologyModel) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return what makes features (N, F), float32, of stored stamps (N, S, S, C).

    They are what the last layer of the model's first network sees, of the central view.
    """
    network = model.networks[0]
    seen = keras.Model(network.input, _last_layer(network).input)

    def embed(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
        starts = range(0, len(stamps), _BATCH)
        stamps = as_input(network, stamps)
        parts = [_predicted(seen, stamps[start : start + _BATCH]) for start in starts]
        return np.concatenate(parts) if parts else np.empty((0, seen.output_shape[-1]), np.float32)

    return embed


def feature_count(model: MorphologyModel) -> int:
    """Return how many features a galaxy has."""
    return _last_layer(model.networks[0]).input.shape[-1]


def write_features(
    parts: Iterable[tuple[pd.DataFrame, NDArray[np.float32]]],
    path: Path,
    provenance: dict[str, str],
) -> int:
    """Write galaxies and their features, atomically.

    Parquet is written as the parts come, so that their number does not matter; FITS states its
    length first and is written whole.

    Parameters
    ----------
    parts : iterable of (DataFrame, array)
        ``id`` and ``file`` of some galaxies, and their features (N, F), float32.
    path : path
        A table with a column ``features`` of vectors; ends in .parquet or .fits.
    provenance : dict of str
        Goes into the file's metadata. Keys of eight letters at most.

    Returns
    -------
    int
        Number of rows; nothing is written if there is none.
    """
    filled = ((galaxies, features) for galaxies, features in parts if len(galaxies))
    first = next(filled, None)
    if first is None:
        return 0
    rows = 0

    def counted() -> Iterator[tuple[pd.DataFrame, NDArray[np.float32]]]:
        nonlocal rows
        for galaxies, features in chain([first], filled):
            rows += len(galaxies)
            yield galaxies, features

    with atomic_file(path) as temporary:
        FEATURE_WRITERS[path.suffix](counted(), temporary, provenance)
    return rows


def _parquet(parts: Parts, path: Path, provenance: dict[str, str]) -> None:
    metadata = {f"galopt.{key}": value for key, value in provenance.items()}
    tables = (_table(galaxies, features) for galaxies, features in parts)
    first = next(tables)
    schema = first.schema.with_metadata(metadata)
    with pq.ParquetWriter(path, schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table.cast(schema))


def _fits(parts: Parts, path: Path, provenance: dict[str, str]) -> None:
    galaxies, features = zip(*parts, strict=True)
    columns = Table.from_pandas(pd.concat(galaxies, ignore_index=True)[["id", "file"]].astype(str))
    columns["features"] = np.concatenate(features)
    for key, value in provenance.items():
        columns.meta[key.upper()] = value.encode("ascii", "backslashreplace").decode()
    columns.write(path, format="fits")


def _table(galaxies: pd.DataFrame, features: NDArray[np.float32]) -> pa.Table:
    values = pa.FixedSizeListArray.from_arrays(pa.array(features.ravel()), features.shape[1])
    columns = {name: pa.array(galaxies[name].astype(str)) for name in ("id", "file")}
    return pa.table(columns | {"features": values})


def _last_layer(network: Any) -> Any:
    names = [layer.name for layer in network.layers]
    return network.get_layer("scores" if "scores" in names else "fractions")


def _predicted(network: Any, stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    features = network.predict_on_batch(np.array(stamps))
    return np.asarray(features, np.float32)


FEATURE_WRITERS = {".parquet": _parquet, ".fits": _fits}
