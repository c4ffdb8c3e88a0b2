"""Batches of training galaxies in an order that the seed and the epoch alone decide."""

from typing import Any

import keras
import numpy as np

from galopt.dataset import Split


class Batches(keras.utils.PyDataset):
    """Shuffled batches in which every galaxy appears ``1 + copies`` times an epoch.

    Parameters
    ----------
    split : Split
        Training galaxies.
    batch_size : int
        Galaxies a batch; the last may be smaller.
    copies : int
        Further appearances of each galaxy; each is a random view of its own.
    seed : int
        Seed of the order.
    """

    def __init__(self, split: Split, batch_size: int, copies: int, seed: int) -> None:
        super().__init__()
        self.split, self.batch_size, self.copies, self.seed = split, batch_size, copies, seed
        self.images = np.array(split.images)  # in memory: random rows of a file are slow
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch; the same epoch always has the same order."""
        rng = np.random.default_rng([self.seed, epoch])
        self.order = rng.permutation(np.repeat(np.arange(len(self.split)), 1 + self.copies))

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.images[rows], self.split.fractions[rows]
