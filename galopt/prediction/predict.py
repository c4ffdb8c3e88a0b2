"""Galaxies in, vote fractions out, by the same way that made the training stamps."""

from collections.abc import Iterator, Sequence
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


def predict(
    model: MorphologyModel,
    chunks: Sequence[StampBatch],
    errors: bool = False,
    known: TrainingGalaxies | None = None,
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

    Yields
    ------
    predicted : DataFrame
        ``id``, ``file``, one column per target, and ``unlike_training`` where the model knows
        its training galaxies (`galopt.prediction.unlike`), of some hundred galaxies.
    rejected : DataFrame
        ``id``, ``file``, ``reason`` of those among them that could not be read.
    """
    for stamps, good, bad in read_stamps(model, chunks):
        if known:
            known.count(stamps)
        table = pd.concat([good, model.table(stamps, errors)], axis=1)
        if model.unlike:
            table[COLUMN] = model.unlike.score(stamps).astype(np.float32)
        yield table, bad


def read_stamps(
    model: MorphologyModel, chunks: Sequence[StampBatch]
) -> Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]]:
    """Make a model's stored stamps of galaxies, on all cores, in bounded memory.

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
    for stamps, good, bad in _together(read):
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
    read: Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]],
) -> Iterator[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]]:
    """Join chunks until they hold a batch of stamps; tell of what was bad in any case."""
    waiting: list[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]] = []
    for chunk in read:
        waiting.append(chunk)
        if sum(len(stamps) for stamps, _, _ in waiting) >= BATCH:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(
    chunks: list[tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]],
) -> tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]:
    stamps, good, bad = zip(*chunks, strict=True)
    return np.concatenate(stamps), pd.concat(good), pd.concat(bad)
