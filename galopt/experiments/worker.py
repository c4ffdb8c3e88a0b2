"""What a worker of a cluster does for an experiment: one network, trained into its checkpoints."""

import gc
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from galopt.compute.keras_startup import start_keras
from galopt.compute.lock import alone
from galopt.compute.progress import quiet
from galopt.config import Config
from galopt.data.dataset import Dataset, load
from galopt.data.dvc import fetch_dataset
from galopt.errors import DataError
from galopt.paths import CHECKPOINTS


@dataclass(frozen=True)
class Training:
    """A network to train.

    Attributes
    ----------
    config : Config
    folder, dataset_hash : str
        The dataset, and the hash that tells it is the right one.
    splits : array, shape (N,), str, optional
        Of its galaxies, instead of its own.
    """

    config: Config
    folder: str
    dataset_hash: str
    splits: NDArray[np.str_] | None = None


def train_into_checkpoints(task: Training) -> None:
    """Train a network, or what is left of its epochs; whoever has its folder resumes from there."""
    start_keras()
    import keras  # here, because the driver, which sends this, need not have loaded it

    from galopt.tracking.models import starting_network
    from galopt.training.checkpoint import fingerprint
    from galopt.training.train import train

    dataset = dataset_of(task.folder, task.dataset_hash)
    if task.splits is not None:
        dataset = dataset.resplit(task.splits)
    folder = CHECKPOINTS / fingerprint(task.config, dataset.info["hash"])
    try:
        with quiet():
            train(task.config, dataset, folder, start=starting_network(task.config.train.init_from))
    finally:
        keras.utils.clear_session()
        gc.collect()


@cache
def dataset_of(folder: str, wanted: str) -> Dataset:
    """Open the dataset, fetched from the DVC remote if it is not here.

    Once a process and not once a trial; one process of a machine fetches, the others wait.

    Parameters
    ----------
    folder : str
    wanted : str
        Hash of its content.

    Raises
    ------
    GaloptError
        It cannot be fetched, or what was fetched is another dataset.
    """
    with alone(Path(f"{folder}.lock"), "fetching the dataset"):
        if not _is_here(folder, wanted):
            fetch_dataset()
    dataset = load(folder)
    if dataset.info["hash"] != wanted:
        raise DataError(f"{folder} is dataset {dataset.info['hash']}, this is of {wanted}")
    return dataset


def _is_here(folder: str, wanted: str) -> bool:
    try:
        return load(folder).info["hash"] == wanted
    except DataError:
        return False
