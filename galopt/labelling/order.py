"""Which galaxy to look at next: the one whose label teaches most about the others."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_distances

CANDIDATES = 4096
"""Galaxies among which the next is chosen; when all of them were seen, as many others."""

LANDMARKS = 2048
"""Galaxies that stand for all when it is asked what a label would teach."""


class Order:
    """An order of galaxies that adapts to what is known.

    A label teaches about galaxies of like features. What it is worth is how much nearer it
    brings the nearest labelled galaxy, summed over all galaxies, each as important as it is
    uncertain: greedy facility location (Nemhauser, Wolsey & Fisher 1978), within 1 - 1/e of the
    best choice. So it prefers what is uncertain, unlike what is known, and like many others.

    Parameters
    ----------
    features : array, shape (N, F), optional
        `galopt.prediction.embedding`; without them the order is random.
    doubt : array, shape (N,), optional
        How uncertain the prediction of each is, at least 0; all alike by default.
    galaxies : int, optional
        N, where there are no features.
    seed : int
    """

    def __init__(
        self,
        features: NDArray[np.float32] | None = None,
        doubt: NDArray[np.float32] | None = None,
        galaxies: int = 0,
        seed: int = 0,
    ) -> None:
        self.features = features
        count = galaxies if features is None else len(features)
        rng = np.random.default_rng(seed)
        self.random = rng.permutation(count)
        if features is not None:
            self.landmarks = np.sort(rng.permutation(count)[:LANDMARKS])
            self.distance = np.full(len(self.landmarks), 2.0)  # the largest there is
            self.doubt = np.ones(count) if doubt is None else np.asarray(doubt, float)
            self._look_at(np.empty(0, int))

    def learn(self, galaxy: int) -> None:
        """Take a galaxy, by its number, as labelled."""
        if self.features is not None:
            near = cosine_distances(self.features[[galaxy]], self.features[self.landmarks])[0]
            self.distance = np.minimum(self.distance, near)

    def best(self, free: NDArray[np.bool_]) -> int | None:
        """Return the number of the most instructive galaxy among the free, (N,); None if none."""
        if not free.any():
            return None
        if self.features is None:
            return int(self.random[free[self.random]][0])
        if not free[self.candidates].any():
            self._look_at(self.random[free[self.random]])
        here = np.flatnonzero(free[self.candidates])
        weight = self.doubt[self.landmarks]
        gain = np.maximum(self.distance - self.near[here], 0) @ weight
        return int(self.candidates[here[gain.argmax()]])

    def _look_at(self, others: NDArray[np.intp]) -> None:
        assert self.features is not None
        self.candidates = (others if len(others) else self.random)[:CANDIDATES]
        self.near = cosine_distances(
            self.features[self.candidates], self.features[self.landmarks]
        ).astype(np.float32)
