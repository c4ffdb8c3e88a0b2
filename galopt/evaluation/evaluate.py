"""How good a network is on galaxies it has never seen, beside the numbers that give it meaning."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.config import Evaluate
from galopt.data.dataset import Dataset, Split
from galopt.data.noise_floor import EXPECTED
from galopt.data.question_groups import questions_of
from galopt.evaluation.classes import HEADLINE, class_scores
from galopt.metrics import error_ratio, rmse, rmse_per_galaxy, rmse_per_target

EXPECTED_RMSE = "test_rmse_expected"


@dataclass(frozen=True)
class Evaluation:
    """Predictions on the test galaxies and what they are worth.

    Attributes
    ----------
    split : Split
        The test galaxies.
    predicted : array, shape (N, T), float32
        Predicted vote fractions.
    targets : list of str
        Names of the T fractions.
    metrics : dict
        ``test_rmse``, ``test_rmse_<target>``, ``test_rmse_constant`` (of always predicting
        the mean training fractions), ``test_rmse_floor`` (what vote noise leaves to a
        perfect predictor, if it is known), where the targets answer several questions
        ``test_rmse_<question>`` and ``test_rmse_constant_<question>``, ``test_rmse_expected`` and
        ``test_rmse_expected_<target>`` (from what the votes would be on average over all voters,
        where the truth is known), ``test_rmse_per_galaxy``, where every galaxy has one class
        ``test_<measure>`` of `galopt.evaluation.classes.class_scores`, and, where deviations and
        numbers of voters are known, ``test_error_ratio`` (see `galopt.metrics.error_ratio`).
    deviation : array, shape (N, T), float32, optional
        Standard deviation of the prediction over averaged views or networks.
    """

    split: Split
    predicted: NDArray[np.float32]
    targets: list[str]
    metrics: dict[str, float]
    deviation: NDArray[np.float32] | None = None

    @property
    def truth(self) -> NDArray[np.float32]:
        """What predictions are compared with, (N, T): the expected fractions, or the voted."""
        return self.split.fractions if self.split.expected is None else self.split.expected

    @property
    def table(self) -> pd.DataFrame:
        """One row per galaxy: id, voted and predicted fraction of each target, RMSE.

        Where the truth is known, ``expected_<target>`` too; where views or networks were
        averaged, ``deviation_<target>``.
        """
        table = self.split.catalog[["id"]].copy()
        for number, target in enumerate(self.targets):
            table[f"voted_{target}"] = self.split.fractions[:, number]
            table[f"predicted_{target}"] = self.predicted[:, number]
            if self.split.expected is not None:
                table[f"{EXPECTED}{target}"] = self.split.expected[:, number]
            if self.deviation is not None:
                table[f"deviation_{target}"] = self.deviation[:, number]
        table["rmse"] = rmse_per_galaxy(self.split.fractions, self.predicted)
        return table


def evaluate(model: Any, dataset: Dataset, views: Evaluate = Evaluate()) -> Evaluation:  # noqa: B008
    """Predict the test galaxies and measure the error.

    Parameters
    ----------
    model : keras.Model
        Takes stored stamps (B, S, S) uint8, returns fractions (B, T).
    dataset : Dataset
    views : config section, optional
        Views whose predictions are averaged; the central one alone by default.

    Returns
    -------
    Evaluation
    """
    from galopt.networks.inference import predict_views  # here: a score needs no Keras

    test = dataset.split("test")
    return score(dataset, test, *predict_views(model, test.images, views))


def constant_rmse(dataset: Dataset, split: Split) -> float:
    """Return the RMSE on a split of always answering the mean fractions of the train split."""
    return rmse(split.fractions, _constant(dataset, split))


def _constant(dataset: Dataset, split: Split) -> NDArray[np.float32]:
    mean = dataset.split("train").fractions.mean(axis=0)
    return np.broadcast_to(mean, split.fractions.shape)


def score(
    dataset: Dataset,
    test: Split,
    predicted: NDArray[np.float32],
    deviation: NDArray[np.float32] | None = None,
) -> Evaluation:
    """Measure predictions (N, T) of the test galaxies."""
    voted = test.fractions
    metrics = {"test_rmse": rmse(voted, predicted)}
    for target, value in zip(dataset.targets, rmse_per_target(voted, predicted), strict=True):
        metrics[f"test_rmse_{target}"] = float(value)
    constant = _constant(dataset, test)
    metrics["test_rmse_constant"] = rmse(voted, constant)
    metrics |= _question_metrics(voted, predicted, constant, dataset.targets)
    if floor := dataset.info["floor"]:
        metrics["test_rmse_floor"] = floor["overall"]
    metrics["test_rmse_per_galaxy"] = float(rmse_per_galaxy(voted, predicted).mean())
    if test.expected is not None:
        metrics[EXPECTED_RMSE] = rmse(test.expected, predicted)
        errors = rmse_per_target(test.expected, predicted)
        for target, value in zip(dataset.targets, errors, strict=True):
            metrics[f"{EXPECTED_RMSE}_{target}"] = float(value)
    if dataset.one_class:
        metrics |= _class_metrics(voted, predicted, dataset.targets)
    if deviation is not None and "n_votes" in test.catalog:
        voters = test.catalog["n_votes"]
        metrics["test_error_ratio"] = error_ratio(voted, predicted, deviation, voters)
    return Evaluation(test, predicted, dataset.targets, metrics, deviation)


def measured_errors(
    split: Split, predicted: ArrayLike, errors: ArrayLike, low: ArrayLike, high: ArrayLike
) -> dict[str, float]:
    """Measure whether stated errors and intervals, each (N, T), are right.

    Returns
    -------
    dict
        ``test_coverage``, the share of votes inside the 95 % intervals; where the numbers of
        voters are known, ``test_error_ratio``.
    """
    voted = split.fractions
    inside = (np.asarray(low) <= voted) & (voted <= np.asarray(high))
    metrics = {"test_coverage": float(inside.mean())}
    if "n_votes" in split.catalog:
        voters = split.catalog["n_votes"]
        metrics["test_error_ratio"] = error_ratio(voted, predicted, errors, voters)
    return metrics


def _question_metrics(
    voted: NDArray[np.float32],
    predicted: NDArray[np.float32],
    constant: NDArray[np.float32],
    targets: list[str],
) -> dict[str, float]:
    """Return the RMSE of each question's answers, and the constant's; none of one question.

    Fractions are of all voters, so a galaxy counts by how many of them reached the question.
    """
    metrics: dict[str, float] = {}
    questions = questions_of(targets)
    for question, answers in questions.items() if len(questions) > 1 else ():
        columns = [targets.index(answer) for answer in answers]
        truth = voted[:, columns]
        metrics[f"test_rmse_{question}"] = rmse(truth, predicted[:, columns])
        metrics[f"test_rmse_constant_{question}"] = rmse(truth, constant[:, columns])
    return metrics


def _class_metrics(
    voted: NDArray[np.float32], predicted: NDArray[np.float32], targets: list[str]
) -> dict[str, float]:
    """Return every measure of the classes, and the intervals of those over all of them."""
    metrics = {}
    scores = class_scores(voted.argmax(axis=1), predicted.argmax(axis=1), targets)
    for name, found in scores.items():
        metrics[f"test_{name}"] = found.value
        if name in HEADLINE:
            metrics |= {f"test_{name}_low": found.low, f"test_{name}_high": found.high}
    return metrics
