"""Galaxies in, vote fractions out, by the same way that made the training stamps."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import galopt
from galopt import params
from galopt.config import Evaluate, Stamps
from galopt.errors import DataError, GaloptError
from galopt.export import ERROR, HIGH, LOW
from galopt.files import read_json
from galopt.metrics import interval
from galopt.parallel import map_cores
from galopt.pictures import read_chunk
from galopt.serving import VoteFractions
from galopt.stamps import Chunk

BATCH = 512
"""Stamps that the network is given at once, at least, until the last."""


def open_model(reference: str) -> tuple[VoteFractions, dict[str, str]]:
    """Load a model and say where it comes from.

    Parameters
    ----------
    reference : str
        ``models:/galopt@champion``, ``models:/galopt/3``, ``runs:/ID``, a run's id, its
        unique start or its name, the folder of a logged model, or the path of a `.keras`
        file of this project.

    Raises
    ------
    GaloptError
        There is no such model. Nothing that a file holds is executed.
    """
    if reference.endswith(".keras"):
        return _from_file(Path(reference)), {"model": reference}
    from galopt.tracking.models import open_model as open_tracked

    return open_tracked(reference)


def predict(
    model: VoteFractions, chunks: Sequence[Chunk], errors: bool = False
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Predict galaxies, read on all cores while the network works, in bounded memory.

    Parameters
    ----------
    model : VoteFractions
    chunks : sequence of Chunk
        From `galopt.inputs`.
    errors : bool
        Whether to add the columns ``<target>_err`` of `VoteFractions.with_errors`, and the
        95 % interval that they mean, ``<target>_low`` to ``<target>_high``.

    Yields
    ------
    predicted : DataFrame
        ``id``, ``file``, one column a target, of some hundred galaxies.
    rejected : DataFrame
        ``id``, ``file``, ``reason`` of those among them that could not be read.
    """
    work = partial(read_chunk, config=model.stamps, pixels=model.side)
    read = map_cores(work, chunks, "Predicting", size=lambda chunk: len(chunk.rows))
    for stamps, good, bad in _together(read):
        fractions = _fractions(model, stamps, errors)
        yield pd.concat([good.reset_index(drop=True), fractions], axis=1), bad


def columns(model: VoteFractions, errors: bool) -> list[str]:
    """Return the columns of the fractions, and of their errors if those are wanted."""
    endings = ("", ERROR, LOW, HIGH) if errors else ("",)
    return [f"{name}{ending}" for ending in endings for name in model.targets]


def provenance(model: VoteFractions, origin: dict[str, str], errors: bool) -> dict[str, str]:
    """Return what a table of predictions says of its making; keys of at most eight letters."""
    made = {"creator": f"galopt {galopt.__version__}", "date": f"{pd.Timestamp.now('UTC'):%FT%TZ}"}
    return made | origin | ({"errors": _errors(model)} if errors else {})


def _errors(model: VoteFractions) -> str:
    """Say what the errors of a model are."""
    members = len(model.networks)
    if model.learnt:
        return "standard deviation, learnt from the votes"
    over = f"{members} networks" if members > 1 else "views of the galaxy"
    return f"standard deviation over {over}"


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


def _fractions(model: VoteFractions, stamps: NDArray[np.uint8], errors: bool) -> pd.DataFrame:
    names = columns(model, errors)
    if not len(stamps):
        return pd.DataFrame(columns=names, dtype=np.float32)
    if not errors:
        return pd.DataFrame(model.fractions(stamps), columns=names)
    mean, deviation = model.with_errors(stamps)
    values = np.hstack([mean, deviation, *interval(mean, deviation)])
    return pd.DataFrame(values.astype(np.float32), columns=names)


def _from_file(path: Path) -> VoteFractions:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    from galopt.counts import targets_of
    from galopt.networks import load_model

    network = load_model(path)
    try:
        targets = read_json("data/dataset/dataset.json")["targets"]
    except FileNotFoundError:
        targets = []
    if len(targets) != targets_of(network):
        raise GaloptError(
            f"{path}: data/dataset/dataset.json does not name its {targets_of(network)} "
            "fractions; start in the folder where it was trained, or give its run's id"
        )
    config = params.load() if Path("params.yaml").exists() else None
    views, stamps = (config.evaluate, config.stamps) if config else (Evaluate(), Stamps())
    return VoteFractions([network], targets, views, stamps)
