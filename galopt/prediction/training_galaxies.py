"""Which galaxies a model was trained on: its answers for those are no test of it."""

from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from galopt.data.dataset import Dataset, load
from galopt.data.integrity import INFO
from galopt.errors import DataError
from galopt.files import read_json
from galopt.paths import DATASET, DEMO


class TrainingGalaxies:
    """Counts the stamps that are training galaxies of a dataset, by their pixels.

    Whatever files and ids are called: the stamps that are predicted are made as the dataset's were.

    Parameters
    ----------
    dataset : Dataset

    Attributes
    ----------
    met : int
        Those that were seen.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.folder, self.met = dataset.folder, 0
        rows, images = np.flatnonzero(dataset.catalog["split"] == "train"), dataset.images
        self._digests = {_digest(images[row]) for row in rows}

    def count(self, stamps: NDArray[np.uint8]) -> None:
        """Count those among stamps (N, S, S, C)."""
        self.met += sum(_digest(stamp) in self._digests for stamp in stamps)


def training_galaxies(content: str | None, project: Path = Path()) -> TrainingGalaxies | None:
    """Return those of the dataset with a content hash; None if it is not in a project's folder."""
    if folder := dataset_here(content, project):
        with suppress(DataError):
            return TrainingGalaxies(load(folder))
    return None


def dataset_here(content: str | None, project: Path = Path()) -> Path | None:
    """Return where in a project's folder the dataset with a content hash lies, if it does."""
    folders = (project / DATASET, project / DEMO)
    return next((folder for folder in folders if content and _hash(folder) == content), None)


def _hash(folder: Path) -> str | None:
    """Return which dataset a folder says it has: opening another one may check it in full."""
    try:
        return read_json(folder / INFO)["hash"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(stamp: NDArray[np.uint8]) -> bytes:
    return blake2b(stamp.tobytes(), digest_size=16).digest()
