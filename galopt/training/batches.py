"""Batches of training galaxies in an order that the seed and the epoch alone decide."""

from math import ceil
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from galopt.data.dataset import Dataset, Split
from galopt.errors import ConfigError, DataError
from galopt.training.stamp_store import InMemory, OnDisk, StampStore, read_rows


class Batches(keras.utils.PyDataset):
    """Shuffled batches in which every galaxy appears ``1 + repeats`` times per epoch.

    Parameters
    ----------
    split : Split
        Training galaxies.
    batch_size : int
        Galaxies a batch; the last may be smaller.
    repeats : int
        Further appearances of each galaxy; each is a random view of its own.
    seed : int
        Seed of the order.
    weights : array, shape (N,), optional
        What each galaxy counts in the loss; each the same by default.
    with_voters : bool
        The number of voters follows the fractions.
    devices : int
        Devices that share a batch equally; what the last batch has beyond a multiple of
        them is left out of the epoch.
    on_disk : bool
        The stamps stay there and are read in shuffled blocks, which is another order.

    Raises
    ------
    ConfigError
        The devices cannot share a batch equally.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        repeats: int,
        seed: int,
        weights: NDArray[np.float32] | None = None,
        with_voters: bool = False,
        devices: int = 1,
        on_disk: bool = False,
    ) -> None:
        super().__init__()
        if batch_size % devices:
            raise ConfigError(
                f"train.batch_size={batch_size}: {devices} devices share a batch; "
                f"make it a multiple of {devices}"
            )
        self.devices = devices
        self.weights, self.labels = weights, labels(split, with_voters)
        self.split, self.batch_size, self.repeats, self.seed = split, batch_size, repeats, seed
        self.store: StampStore = OnDisk(split.images) if on_disk else InMemory(split.images)
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch; the same epoch always has the same order."""
        self.epoch = epoch
        rng = np.random.default_rng([self.seed, epoch])
        order = self.store.shuffle(rng, 1 + self.repeats)
        self.order = order[: shared(len(order), self.devices)]

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        start = index * self.batch_size
        rows = self.order[start : start + self.batch_size]
        galaxies = self.store.take(start, start + len(rows)), self.labels[rows]
        return galaxies if self.weights is None else (*galaxies, self.weights[rows])


class InOrder(keras.utils.PyDataset):
    """The first galaxies of a split in their order, read from the disk when they are needed.

    Parameters
    ----------
    split : Split
    batch_size : int
    count : int
    with_voters : bool
        The number of voters follows the fractions.
    """

    def __init__(self, split: Split, batch_size: int, count: int, with_voters: bool) -> None:
        super().__init__()
        self.split, self.labels = split, labels(split, with_voters)
        self.batch_size, self.count = batch_size, count

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        start = index * self.batch_size
        rows = np.arange(start, min(start + self.batch_size, self.count))
        return read_rows(self.split.images, rows), self.labels[rows]


def shared(count: int, devices: int) -> int:
    """Return how many of `count` galaxies the devices can share equally."""
    return count - count % devices


def labelled(dataset: Dataset, galaxies: int | None, seed: int) -> tuple[Split, Split]:
    """Return the galaxies to train on and to stop by, as if so few had labels.

    Parameters
    ----------
    dataset : Dataset
    galaxies : int or None
        Drawn at random from the train split, and as large a share of the validation split;
        all of both for None.
    seed : int

    Raises
    ------
    DataError
        The train split has fewer.
    """
    train, validation = dataset.split("train"), dataset.split("validation")
    if galaxies is None:
        return train, validation
    if galaxies > len(train):
        raise DataError(f"train.galaxies={galaxies}: the train split has {len(train)}")
    stopping = ceil(len(validation) * galaxies / len(train))
    return drawn(train, galaxies, seed), drawn(validation, stopping, seed)


def drawn(split: Split, galaxies: int, seed: int) -> Split:
    """Return some galaxies of a split, drawn at random, their stamps in memory."""
    rows = np.sort(np.random.default_rng([seed, galaxies]).permutation(len(split))[:galaxies])
    catalog = split.catalog.iloc[rows].reset_index(drop=True)
    return Split(read_rows(split.images, rows), split.fractions[rows], catalog)


def vote_weights(split: Split) -> NDArray[np.float32]:
    """Return each galaxy's number of votes over their mean, shape (N,).

    The variance of a vote fraction falls as one over the number of votes, so these are the
    weights of least squares.

    Raises
    ------
    DataError
        The survey does not say how many voted.
    """
    votes = _voters(split, "train.weight_by_votes=true")
    return votes / votes.mean()


def labels(split: Split, with_voters: bool = False) -> NDArray[np.float32]:
    """Return what a network learns: vote fractions (N, T), and the number of voters if asked.

    Raises
    ------
    DataError
        The survey does not say how many voted.
    """
    if not with_voters:
        return split.fractions
    voters = _voters(split, "train.loss=beta_binomial")
    return np.concatenate([split.fractions, voters[:, None]], axis=1)


def _voters(split: Split, parameter: str) -> NDArray[np.float32]:
    if "n_votes" not in split.catalog:
        raise DataError(
            f"{parameter}: the votes table has no column n_votes; add it or change the parameter"
        )
    voters = split.catalog["n_votes"].to_numpy(np.float32)
    counted = np.isfinite(voters) & (voters >= 0)
    if not counted.all():
        row = split.catalog[~counted].iloc[0]
        raise DataError(
            f"{parameter}: n_votes of {row['id']!r} is {row['n_votes']}, not a number of voters"
        )
    return voters
