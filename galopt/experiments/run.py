"""One tracked run: train, evaluate, log. The same for `mlflow run`, DVC, a trial or a test."""

import logging
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from galopt import tracking
from galopt.compute import hardware
from galopt.compute.progress import busy
from galopt.config import Config
from galopt.data.dataset import Dataset, Split
from galopt.evaluation.evaluate import Evaluation, evaluate, measured_errors
from galopt.experiments.run_summary import verdict
from galopt.prediction.model import MorphologyModel
from galopt.prediction.unlike import Unlike
from galopt.report import model_card
from galopt.report.figures.run import evaluation_figures, saliency_figure, training_figures
from galopt.report.run.page import log_report
from galopt.report.run.report_data import ReportData
from galopt.tracking.models import starting_network
from galopt.training.batches import labelled
from galopt.training.checkpoint import fingerprint
from galopt.training.classes import suit_labels
from galopt.training.train import TrainResult, train

LOOKED_AT = 5000
"""Training galaxies, at most, from which a model learns what they look like; and test galaxies, at
most, on which its errors are measured."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A trained network, the MLflow run that holds it, and what was drawn of its training.

    Attributes
    ----------
    result : TrainResult
    model : MorphologyModel
        Its network in use.
    run_id : str
    checkpoints : path
        Folder of its checkpoints, no longer needed once everything is logged.
    figures : dict of str
        SVG files of the learning curve and of augmented views, as they were logged.
    """

    result: TrainResult
    model: MorphologyModel
    run_id: str
    checkpoints: Path
    figures: dict[str, str]

    def summary(self) -> dict[str, Any]:
        """Return what `metrics/train.json` says."""
        last = self.result.history[self.result.best_epoch]
        return {
            "val_rmse": self.result.val_rmse,
            "train_rmse": last["train_rmse"],
            "epochs": len(self.result.history),
            "best_epoch": self.result.best_epoch + 1,
            "epoch_seconds": _median(self.result.history, "epoch_seconds"),
            "train_images_per_second": _median(self.result.history, "train_images_per_second"),
            "precision": self.result.precision,
            "hardware": hardware.describe(),
            "mlflow_run_id": self.run_id,
        }

    def forget_checkpoints(self) -> None:
        """Remove the checkpoints of a training run whose results are logged."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    id : str
        Of MLflow.
    model : MorphologyModel
        What was trained; `predict` takes files, images and arrays.
    evaluation : Evaluation
        Of the test galaxies.
    """

    id: str
    model: MorphologyModel
    evaluation: Evaluation


def run_experiment(config: Config, dataset: Dataset, checkpoints: Path | str | None = None) -> Run:
    """Train, evaluate and report one configuration as one tracked run.

    Parameters
    ----------
    config : Config
    dataset : Dataset
    checkpoints : path, optional
        Folder from which a training run that was killed goes on; without one it starts again.

    Returns
    -------
    Run

    Raises
    ------
    GaloptError
        The configuration does not suit the dataset, or the loss is no longer a number.

    Examples
    --------
    >>> import galopt
    >>> dataset = galopt.load_dataset("data/dataset")
    >>> words = "network.preset=modern train.epochs=1 augment.repeats=0"
    >>> run = galopt.train(galopt.load_config(overrides=words), dataset)
    >>> 0 < run.evaluation.metrics["test_rmse"] < 1
    True
    """
    config = suit_labels(config, dataset)
    with ExitStack() as stack:
        folder = Path(checkpoints or stack.enter_context(TemporaryDirectory()))
        run_id = stack.enter_context(tracking.start_run(config, dataset))
        trained = run_training(config, dataset, run_id, folder)
        evaluation, figures = run_evaluation(trained.model, dataset)
        describe(config, dataset, evaluation)
        log_report(
            ReportData(
                kind="run",
                dataset=dataset,
                config=config,
                run_id=run_id,
                train=trained.summary(),
                history=trained.result.history,
                metrics=evaluation.metrics,
                predictions=evaluation.table,
                figures=trained.figures | figures,
            )
        )
    trained.forget_checkpoints()
    logger.info(verdict(evaluation, dataset, run_id, config.survey))
    return Run(run_id, trained.model, evaluation)


def run_training(config: Config, dataset: Dataset, run_id: str, checkpoints: Path) -> Trained:
    """Train inside an open run and log what came of it, the model too.

    Parameters and result are those of `follow_training`.
    """
    trained = follow_training(config, dataset, run_id, checkpoints)
    publish(trained.model, trained.result.val_rmse, dataset, config.train.galaxies)
    return trained


def follow_training(config: Config, dataset: Dataset, run_id: str, checkpoints: Path) -> Trained:
    """Train inside an open run, resuming from its checkpoints, and log how it went.

    Parameters
    ----------
    config : Config
    dataset : Dataset
    run_id : str
        The open run's id.
    checkpoints : path
        Folder of the checkpoints of all training runs.

    Returns
    -------
    Trained
    """
    tracking.log_network(config.network, len(dataset.targets), len(dataset.bands))
    folder = checkpoints / fingerprint(config, dataset.info["hash"])
    start = starting_network(config.train.init_from)
    result = train(config, dataset, folder, tracking.log_epoch, start)
    tracking.log_history(result.history)
    model = MorphologyModel(
        [result.model],
        dataset.targets,
        config.evaluate,
        dataset.stamp_settings(config.stamps),
        dataset.bands,
    )
    calibrate(model, config, dataset)
    trained = Trained(result, model, run_id, folder, training_figures(result, dataset))
    tracking.log_training(trained.summary())
    tracking.log_figures(trained.figures)
    return trained


def publish(
    model: MorphologyModel, val_rmse: float, dataset: Dataset, galaxies: int | None
) -> None:
    """Log the open run's model, the average of one or several networks, and register it."""
    with busy("Logging the model"):
        uri = tracking.log_model(model, dataset)
    reason = tracking.register(uri, val_rmse, dataset, galaxies)
    logger.info(
        f"Registered as galopt; not the champion: {reason}" if reason else "Registered as champion"
    )


def calibrate(model: MorphologyModel, config: Config, dataset: Dataset) -> None:
    """Learn how large a model's errors are, and what its galaxies look like, from its training."""
    training, validation = labelled(dataset, config.train.galaxies, config.train.seed)
    every = ceil(len(training) / LOOKED_AT)
    model.unlike = Unlike.fit(training.images[::every], validation.images)
    model.calibrate(validation.images, validation.fractions, validation.catalog.get("n_votes"))


def error_metrics(model: MorphologyModel, split: Split) -> dict[str, float]:
    """Measure whether the errors that a calibrated model states are right; else nothing.

    `LOOKED_AT` test galaxies tell: each of them is looked at from many sides.
    """
    if model.calibration is None:
        return {}
    some = slice(None, None, ceil(len(split) / LOOKED_AT))
    split = Split(split.images[some], split.fractions[some], split.catalog.iloc[some])
    return measured_errors(split, *model.with_errors(split.images))


def run_evaluation(model: MorphologyModel, dataset: Dataset) -> tuple[Evaluation, dict[str, str]]:
    """Evaluate a network inside an open run, log metrics, predictions and figures; return them."""
    (network,) = model.networks
    with busy("Measuring the test galaxies"):
        evaluation = evaluate(network, dataset, model.views)
        evaluation.metrics.update(error_metrics(model, evaluation.split))
        saliency = saliency_figure(network, evaluation)
        figures = evaluation_figures(evaluation) | {"saliency": saliency}
        tracking.log_evaluation(evaluation)
        tracking.log_figures(figures)
    return evaluation, figures


def describe(config: Config, dataset: Dataset, evaluation: Evaluation, networks: int = 1) -> None:
    """Say in the open run's description, and on its model's card, what was measured."""
    tracking.describe_run(model_card.note(dataset, evaluation))
    title = f"{config.network.preset} on {dataset.info['name']}"
    tracking.describe_model(model_card.card(title, dataset, evaluation, networks))


def _median(history: list[dict[str, float]], name: str) -> float:
    return float(pd.Series([epoch[name] for epoch in history]).median())
