"""Galaxies in, vote fractions out, by the same way that made the training stamps."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.compute.parallel import map_cores
from galopt.compute.versions import VERSION
from galopt.data.imaging.stamp_batch import BOUND, StampBatch
from galopt.prediction.model import MorphologyModel
from galopt.prediction.preprocess import read_chunk
from galopt.prediction.training_galaxies import TrainingGalaxies
from galopt.prediction.unlike import COLUMN

SUM_TO_ONE = "the fractions of a galaxy sum to one"
SEPARATE = "each fraction is predicted by itself; those of a galaxy need not sum to one"
BATCH = 512
"""Stamps that the network is given at once, at least, until the last."""
FEATURES = "features"
"""Column of what the network sees, where that is asked for."""

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Makes features (N, F) of stored stamps: `galopt.prediction.embedding.embedder`."""


def predict(
    model: MorphologyModel,
    chunks: Sequence[StampBatch],
    errors: bool = False,
    known: TrainingGalaxies | None = None,
    embed: Embed | None = None,
    ends: Collection[int] = (),
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Predict galaxies, read on all cores while the network works, in bounded memory.

    Parameters
    ----------
    model : MorphologyModel
    chunks : sequence of StampBatch
        From `galopt.prediction.inputs`.
    errors : bool
        Whether to add the columns that `MorphologyModel.predict` adds.
    known : TrainingGalaxies, optional
        Counts those that it meets.
    embed : callable, optional
        Adds a column of `FEATURES`.
    ends : collection of int
        After how many chunks what is yielded ends, too: no table holds galaxies of both sides.

    Yields
    ------
    predicted : DataFrame
        ``id``, ``file``, one column per target, and ``unlike_training`` where the model knows
        its training galaxies (`galopt.prediction.unlike`), of some hundred galaxies.
    rejected : DataFrame
        ``id``, ``file``, ``reason`` of those among them that could not be read.
    """
    for stamps, good, bad in read_stamps(model, chunks, ends):
        if known:
            known.count(stamps)
        table = pd.concat([good, model.table(stamps, errors)], axis=1)
        if model.unlike:
            table[COLUMN] = model.unlike.score(stamps).astype(np.float32)
        if embed:
            table[FEATURES] = pd.Series(list(embed(stamps)), table.index, object)
        yield table, bad


def read_stamps(
    model: MorphologyModel, chunks: Sequence[StampBatch], ends: Collection[int] = ()
) -> Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]]:
    """Make a model's stored stamps of galaxies, on all cores, in bounded memory.

    Parameters
    ----------
    model, chunks, ends
        As in `predict`.

    Yields
    ------
    stamps : array, shape (M, S, S, C), uint8
        Of some hundred galaxies.
    good, bad : DataFrame
        ``id`` and ``file`` of those; the same and ``reason`` of what could not be read.
    """
    work = partial(read_chunk, config=model.stamps, pixels=model.side, bands=model.bands)
    read = map_cores(
        work, chunks, "Predicting galaxies", size=lambda chunk: len(chunk.rows), bound=BOUND
    )
    for stamps, good, bad in _together(read, ends):
        yield stamps, good.reset_index(drop=True), bad


def provenance(model: MorphologyModel, errors: bool) -> dict[str, str]:
    """Return what a table of predictions says of its making; keys of at most eight letters."""
    made = {"creator": f"galopt {VERSION}", "date": f"{pd.Timestamp.now('UTC'):%FT%TZ}"}
    made |= {"sums": SUM_TO_ONE if model.sums_to_one else SEPARATE}
    return made | model.origin | ({"errors": _errors(model)} if errors else {})


def _errors(model: MorphologyModel) -> str:
    """Say what the errors of a model are."""
    members = len(model.networks)
    if model.calibration:
        return (
            "standard deviation, and interval of 95 % of votes, calibrated on "
            f"{model.calibration.galaxies} galaxies not trained on"
        )
    if model.learnt:
        return "standard deviation, learnt from the votes"
    over = f"{members} networks" if members > 1 else "views of the galaxy"
    return f"no errors: the spread over {over}, which says nothing of what all get wrong"


def _together(
    read: Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]], ends: Collection[int]
) -> Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]]:
    """Join chunks until they hold a batch of stamps; tell of what was bad in any case."""
    waiting: list[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]] = []
    for number, chunk in enumerate(read, 1):
        waiting.append(chunk)
        if number in ends or sum(len(stamps) for stamps, _, _ in waiting) >= BATCH:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(
    chunks: list[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]],
) -> tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]:
    stamps, good, bad = zip(*chunks, strict=True)
    return np.concatenate(stamps), pd.concat(good), pd.concat(bad)
