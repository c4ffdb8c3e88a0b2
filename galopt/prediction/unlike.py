"""Whether galaxies look like those that a network was trained on, by the light of their stamps."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from galopt.config.base import Section

COLUMN = "unlike_training"
"""Column of the score in tables of predictions."""

RINGS = (0, 0.05, 0.12, 0.25, 0.5, 1)
"""Edges of the rings around a stamp's centre, in its sides; the last is the corners."""

FEWEST = 50
"""Validation galaxies below which no score is set: its limit would be that of the strangest."""

RARE = 0.99
"""Share of the validation galaxies whose score is below 1."""

RIDGE = 1e-3
"""Share of the mean variance that is added to each, as blank planes have none."""


class Unlike(Section):
    """How far the light of a stamp lies from that of the training stamps.

    Mean and standard deviation of the pixels in five rings of each plane are compared with those
    of the training galaxies by their Mahalanobis distance (1936, "On the generalised distance in
    statistics"). Another stretch, another background or another kind of survey lie far away
    however sure the network is of them.

    Attributes
    ----------
    centre : list of float
        Means over the training galaxies.
    precision : list of list of float
        Inverse of their covariance.
    limit : float
        Distance within which 99 % of the validation galaxies lie.
    """

    centre: list[float]
    precision: list[list[float]]
    limit: float

    @classmethod
    def fit(cls, training: NDArray[np.uint8], validation: NDArray[np.uint8]) -> Self | None:
        """Learn from stored stamps; None where fewer than `FEWEST` are for validation.

        Parameters
        ----------
        training, validation : array, shape (N, S, S, C), in grey also (N, S, S); uint8
        """
        if len(validation) < FEWEST:
            return None
        light = _light(training)
        covariance = np.cov(light.T)
        size = len(covariance)
        covariance += np.eye(size) * max(RIDGE * np.trace(covariance) / size, RIDGE)
        precision = np.linalg.inv(covariance).tolist()
        found = cls(centre=light.mean(axis=0).tolist(), precision=precision, limit=1.0)
        limit = float(np.quantile(found.score(validation), RARE))
        return found.model_copy(update={"limit": limit})

    def score(self, stamps: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the distance of stored stamps, (N,), in units of the limit."""
        away = _light(stamps) - np.array(self.centre)
        return np.sqrt(np.einsum("ni,ij,nj->n", away, np.array(self.precision), away)) / self.limit


def _light(stamps: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return mean and standard deviation of grey levels in each ring and plane, (N, 10 C)."""
    count, side = stamps.shape[:2]
    offset = np.arange(side) - (side - 1) / 2
    radius = np.hypot(*np.meshgrid(offset, offset)).ravel() / side
    ring = np.digitize(radius, RINGS) - 1 == np.arange(len(RINGS) - 1)[:, None]
    weights = (ring / ring.sum(axis=1, keepdims=True)).astype(np.float32).T
    planes = stamps.reshape(count, side * side, -1)
    found = []
    for plane in range(planes.shape[2]):
        pixels = planes[..., plane].astype(np.float32)
        mean = pixels @ weights
        variance = np.maximum(pixels**2 @ weights - mean**2, 0)
        found += [mean, np.sqrt(variance)]
    return np.concatenate(found, axis=1).astype(float)
