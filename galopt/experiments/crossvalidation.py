"""Cross-validation: every galaxy predicted once, by a network that was not trained on it."""

import logging
from collections.abc import Sequence

import numpy as np

from galopt import tracking
from galopt.config import Config
from galopt.data.dataset import Dataset
from galopt.data.splits import fold_splits, folds
from galopt.evaluation.bootstrap import bootstrap
from galopt.evaluation.evaluate import Evaluation, measured_errors, score
from galopt.evaluation.second_look import second_look
from galopt.experiments.child_runs import Member, train_members
from galopt.metrics import rmse_per_galaxy
from galopt.prediction.calibration import Calibration
from galopt.prediction.model import MorphologyModel
from galopt.report.second_look import page
from galopt.training.classes import suit_labels
from galopt.training.train import check_fit

logger = logging.getLogger(__name__)


def run(config: Config, dataset: Dataset) -> Evaluation:
    """Train one network per fold and measure all galaxies, as one tracked run and its children.

    Folds that were finished before a run was killed are not trained again.

    Parameters
    ----------
    config : Config
        Its section `crossvalidate` says how many folds there are.
    dataset : Dataset
        Its own splits are not used.

    Returns
    -------
    Evaluation
        Of all galaxies, each predicted by the network of its own fold.

    Raises
    ------
    ConfigError
        The network does not suit the dataset.
    DataError
        There are too few galaxies to fold.
    """
    config = suit_labels(config, dataset)
    check_fit(config, dataset)
    count = config.crossvalidate.folds
    fold = folds(dataset.catalog, dataset.targets, count, config.rescale.seed)
    splits = [fold_splits(dataset.catalog, fold, n, config.rescale) for n in range(count)]
    name = f"{config.network.preset} in {count} folds of {dataset.info['name']}"
    with tracking.start_run(config, dataset, kind="crossvalidate", name=name) as run_id:
        named = [(f"fold {number + 1} of {count}", config) for number in range(count)]
        members = train_members(named, dataset, run_id, splits)
        evaluation, model = join(members, fold, config, dataset)
        tracking.log_evaluation(evaluation)
        tracking.log_model(model, dataset)
        look_again(evaluation, dataset)
    for member in members:
        member.trained.forget_checkpoints()
    logger.info(summary(evaluation, count))
    return evaluation


def join(
    members: Sequence[Member], fold: np.ndarray, config: Config, dataset: Dataset
) -> tuple[Evaluation, MorphologyModel]:
    """Put the folds' predictions together, and the folds' networks.

    The model's errors are those of a single network, which the mean of the folds' networks
    undercuts a little: what they are on galaxies that none has seen cannot be measured.

    Parameters
    ----------
    members : sequence of Member
        One per fold.
    fold : array, shape (N,), int
        Of each galaxy.
    config : Config
    dataset : Dataset
    """
    everything = dataset.everything()
    predicted = np.empty_like(everything.fractions)
    for number, member in enumerate(members):
        predicted[fold == number] = member.evaluation.predicted
    networks = [member.trained.result.model for member in members]
    unknown = np.zeros_like(predicted)
    model = MorphologyModel(
        networks,
        dataset.targets,
        config.evaluate,
        dataset.stamp_settings(config.stamps),
        dataset.bands,
        Calibration.fit(
            everything.fractions, predicted, unknown, everything.catalog.get("n_votes")
        ),
    )
    evaluation = score(dataset, everything, predicted)
    if model.calibration:
        ends = model.calibration.interval(predicted, unknown)
        errors = model.calibration.errors(predicted, unknown)
        evaluation.metrics.update(measured_errors(everything, predicted, errors, *ends))
    return evaluation, model


def look_again(evaluation: Evaluation, dataset: Dataset) -> None:
    """Log the galaxies whose votes the networks contradict, as a table and a page."""
    voters = evaluation.split.catalog.get("n_votes")
    unknown = np.zeros_like(evaluation.predicted)
    known = Calibration.fit(evaluation.split.fractions, evaluation.predicted, unknown, voters)
    if known is None:
        return
    errors = known.errors(evaluation.predicted, unknown)
    table = second_look(evaluation.split, dataset.targets, evaluation.predicted, errors)
    tracking.log_text(table.to_csv(index=False), "second_look.csv")
    tracking.log_text(page(table, evaluation, dataset), "second_look.html")


def summary(evaluation: Evaluation, count: int) -> str:
    """Return what a person wants to read when a cross-validation has ended."""
    squared = rmse_per_galaxy(evaluation.split.fractions, evaluation.predicted) ** 2
    (found,) = bootstrap(squared[:, None])
    return (
        f"RMSE {found.value:.4f} (95 %: {found.low:.4f} to {found.high:.4f}) on all "
        f"{len(evaluation.split)} galaxies, each predicted by the network of its own of {count} "
        "folds\nVotes worth a second look: second_look.html and second_look.csv of the run"
    )
