"""Votes as counts: a loss that knows few voters from many, and the error that it learns.

Of n voters who look at a galaxy, c tick an answer. Galaxies that look alike to the network
still differ in their chance of a tick, so c is not binomial but beta-binomial: a chance with
mean mu and concentration kappa is drawn for the galaxy, then each voter ticks with it
(Johnson, Kemp & Kotz 2005, "Univariate Discrete Distributions", chapter 6).
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

_register = keras.saving.register_keras_serializable(package="galopt")

LEAST, MOST = 0.1, 1000.0
"""Bounds of the concentration: almost only 0 and 1, and no scatter that any votes could show."""

_EDGE = 1e-4
"""Mean chances are kept this far from 0 and 1, where one vote to the contrary is infinite loss."""


@_register
class BetaBinomial(keras.losses.Loss):
    """Minus the log-likelihood of the votes, averaged over targets and galaxies.

    Each target is judged by itself: its marginal under a Dirichlet-multinomial is
    beta-binomial with the same concentration, and voters may tick several answers. In a
    decision tree an answer is judged among those who answered its question, so that a
    question that nobody reached says nothing, and one that few reached says little (Walmsley
    et al. 2022, "Galaxy Zoo DECaLS").

    Truth is (B, T + 1): vote fractions, of all voters, and in the last column the number of
    voters. Predictions are (B, T + 1): mean chances, and in the last column their concentration.

    Parameters
    ----------
    answers : sequence of int
        Answers of each question of a decision tree, in the order of the targets; empty without.
    """

    def __init__(
        self, answers: Sequence[int] = (), name: str = "beta_binomial", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.answers = list(answers)
        question = np.repeat(np.arange(len(self.answers)), self.answers)
        self.together = np.equal.outer(question, question).astype(np.float32)

    def call(self, votes: Any, predicted: Any) -> Any:
        """Return the loss of each galaxy, (B,)."""
        voters, kappa = votes[:, -1:], predicted[:, -1:]
        ticks, mu = votes[:, :-1] * voters, predicted[:, :-1]
        if self.answers:
            voters = ops.matmul(ticks, self.together)
            mu = mu / ops.maximum(ops.matmul(mu, self.together), keras.config.epsilon())
        mu = ops.clip(mu, _EDGE, 1 - _EDGE)
        a, b = mu * kappa, (1 - mu) * kappa
        likelihood = (
            _log_gamma(voters + 1) - _log_gamma(ticks + 1) - _log_gamma(voters - ticks + 1)
            + _log_gamma(ticks + a) - _log_gamma(a)
            + _log_gamma(voters - ticks + b) - _log_gamma(b)
            + _log_gamma(kappa) - _log_gamma(voters + kappa)
        )  # fmt: skip
        return -ops.mean(likelihood, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the loss."""
        return super().get_config() | {"answers": self.answers}


@_register
class FractionError(keras.metrics.RootMeanSquaredError):
    """RMSE of vote fractions, whether or not a number of voters and a concentration follow.

    Parameters
    ----------
    targets : int
        Number of vote fractions.
    """

    def __init__(self, targets: int, name: str = "rmse", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.targets = targets

    def update_state(self, votes: Any, predicted: Any, sample_weight: Any = None) -> None:
        """Add a batch, (B, T) or (B, T + 1)."""
        super().update_state(votes[:, : self.targets], predicted[:, : self.targets], sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the metric."""
        return {"targets": self.targets, "name": self.name, "dtype": self.dtype}


@_register
class Concentration(keras.layers.Dense):
    """One positive number a galaxy: how alike the chances of galaxies are that look like it."""

    def __init__(self, **kwargs: Any) -> None:
        bias = keras.initializers.Constant(np.log(10.0))
        super().__init__(**{"units": 1, "bias_initializer": bias} | kwargs)

    def call(self, features: Any, training: bool = False) -> Any:
        """Return the concentration (B, 1) in [0.1, 1000] of features (B, F)."""
        return ops.exp(ops.clip(super().call(features), np.log(LEAST), np.log(MOST)))


def standard_deviation(
    predicted: NDArray[np.float32],
    targets: int,
    answers: Sequence[int] = (),
    after: Sequence[int | None] = (),
) -> NDArray[np.float32] | None:
    """Return the standard deviation of each chance of a tick, (N, T); None without concentration.

    The square root of mu (1 - mu) / (kappa + 1), the variance of a beta distribution; in a
    decision tree that of the product of the chances on the way to an answer.

    Parameters
    ----------
    predicted : array, shape (N, T) or (N, T + 1), float32
        Mean chances, and their concentration if the network gives one.
    targets : int
        Number T of vote fractions.
    answers, after : sequence
        Those of `galopt.networks.layers.DecisionTree`; empty without a tree.
    """
    if predicted.shape[1] == targets:
        return None
    mu, kappa = predicted[:, :targets].astype(float), predicted[:, targets:].astype(float)
    square, first = np.ones_like(mu), 0
    for count, parent in zip(answers or [targets], after or [None], strict=True):
        this = slice(first, first + count)
        given = mu[:, this]
        if parent is not None:
            given = given / np.maximum(mu[:, [parent]], keras.config.epsilon())
            square[:, this] = square[:, [parent]]
        square[:, this] *= given**2 + given * (1 - given) / (kappa + 1)
        first += count
    return np.sqrt(np.maximum(square - mu**2, 0)).astype(np.float32)


def _log_gamma(x: Any) -> Any:
    """Return ln Gamma of positive x: Stirling's series, 6 further on (A & S 6.1.41)."""
    product = x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5)
    z = x + 6
    series = (1 / 12 - (1 / 360 - 1 / (1260 * z**2)) / z**2) / z
    return (z - 0.5) * ops.log(z) - z + 0.5 * np.log(2 * np.pi) + series - ops.log(product)
