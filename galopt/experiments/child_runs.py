"""Several configurations trained as the children of one tracked run."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt import tracking
from galopt.compute.parallel import map_cores
from galopt.compute.versions import VERSION
from galopt.config import Config
from galopt.config.load import RUN_SECTIONS, change_config
from galopt.config.rerun_command import differences, started_by
from galopt.data.dataset import Dataset
from galopt.errors import ConfigError
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation, score
from galopt.evaluation.kept_results import Measurement
from galopt.experiments.run import Trained, follow_training, run_evaluation
from galopt.experiments.worker import Training, train_into_checkpoints
from galopt.networks.inference import combine, predict_averaged
from galopt.paths import CHECKPOINTS
from galopt.training.checkpoint import fingerprint
from galopt.training.classes import suit_labels
from galopt.training.train import check_fit

logger = logging.getLogger(__name__)

_DEPENDED_ON = {"survey", "stamps", "rescale", *RUN_SECTIONS, "ablate", "ensemble"}
"""Sections of `params.yaml` on which the numbers of several networks depend."""


@dataclass(frozen=True)
class Member:
    """One trained network of several.

    Attributes
    ----------
    name : str
        What sets it apart.
    trained : Trained
    validation : array, shape (N, T), float32
        Predictions of the validation galaxies.
    evaluation : Evaluation
        Of the test galaxies.
    """

    name: str
    trained: Trained
    validation: NDArray[np.float32]
    evaluation: Evaluation


def varied(config: Config, key: str, overrides: Mapping[str, str]) -> dict[str, Config]:
    """Return what each named set of overrides makes of a configuration.

    Parameters
    ----------
    config : Config
    key : str
        The parameter that holds the overrides.
    overrides : mapping of str to str

    Raises
    ------
    ConfigError
        They make no configuration; the message says which.
    """
    configs = {}
    for name, words in overrides.items():
        try:
            configs[name] = change_config(config, words)
        except ConfigError as error:
            raise ConfigError(f"{key}[{name!r}]={words!r}: {error}") from None
    return configs


def reseeded(config: Config, number: int) -> Config:
    """Return a configuration with the seed of member `number`, from 0."""
    return change_config(config, f"train.seed={config.train.seed + number}")


def train_members(
    configs: Sequence[tuple[str, Config]],
    dataset: Dataset,
    parent_run_id: str,
    splits: Sequence[NDArray[np.str_]] | None = None,
) -> list[Member]:
    """Train and evaluate each configuration as a child of an open run.

    Members that were finished before a run was killed are not trained again. With `work.cluster`
    its workers train, several at once.

    Parameters
    ----------
    configs : sequence of (name, Config)
    dataset : Dataset
    parent_run_id : str
        The open run's id.
    splits : sequence of array, shape (N,), str, optional
        Of all galaxies, one per member, instead of the dataset's own.

    Raises
    ------
    ConfigError
        A network does not suit the dataset, or there is no such cluster; none has been trained.
    """
    configs = [(name, suit_labels(config, dataset)) for name, config in configs]
    for name, config in configs:
        try:
            check_fit(config, dataset)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None
    each: Sequence[NDArray[np.str_] | None] = splits or [None] * len(configs)
    _train_on_cluster([config for _, config in configs], dataset, each)
    members = []
    for number, ((name, config), split) in enumerate(zip(configs, each, strict=True), 1):
        logger.info(f"Network {number} of {len(configs)}: {name}")
        theirs = dataset if split is None else dataset.resplit(split)
        members.append(train_member(name, config, theirs, parent_run_id))
    return members


def _train_on_cluster(
    configs: Sequence[Config], dataset: Dataset, splits: Sequence[NDArray[np.str_] | None]
) -> None:
    """Train on the workers of `work.cluster`, if there is one, into the checkpoints."""
    work = configs[0].work
    if work.cluster is None:
        return
    tasks = {}  # one per folder of checkpoints: "all together" may be the only difference again
    for config, split in zip(configs, splits, strict=True):
        theirs = dataset if split is None else dataset.resplit(split)
        name = fingerprint(config, theirs.info["hash"])
        tasks[name] = Training(config, str(dataset.folder), dataset.info["hash"], split)
    for _ in map_cores(train_into_checkpoints, [*tasks.values()], "Training networks", work):
        pass


def train_member(name: str, config: Config, dataset: Dataset, parent_run_id: str) -> Member:
    """Train and evaluate one configuration as a child of an open run."""
    with tracking.start_run(config, dataset, name=name, parent_run_id=parent_run_id) as run_id:
        trained = follow_training(config, dataset, run_id, CHECKPOINTS)
        evaluation, _ = run_evaluation(trained.model, dataset)
    images = dataset.split("validation").images
    validation, _ = predict_averaged(trained.result.model, images, config.evaluate)
    return Member(name, trained, validation, evaluation)


def average(
    members: Sequence[Member], dataset: Dataset, weights: NDArray[np.float64] | None = None
) -> Evaluation:
    """Measure the mean prediction of the test galaxies, weighted or not.

    Its `deviation` is that of the uniform average (`galopt.networks.inference.combine`).
    """
    predicted = [member.evaluation.predicted for member in members]
    _, deviation = combine(predicted, [member.evaluation.deviation for member in members])
    mean = np.average(predicted, axis=0, weights=weights).astype(np.float32)
    return score(dataset, dataset.split("test"), mean, deviation)


def log_measurement(
    kind: str, config: Config, dataset: Dataset, table: pd.DataFrame, members: Iterable[Member]
) -> None:
    """Log ``measurement.json`` on the open run: what `docs/results.py` keeps."""
    measured = Measurement(
        kind,
        dataset.info["name"],
        dataset.info["hash"],
        dataset.info["counts"],
        {
            key: value
            for key, value in differences(config).items()
            if key.split(".")[0] in _DEPENDED_ON
        },
        started_by(kind, {}),
        VERSION,
        json.loads(table.to_json(orient="records", double_precision=6)),
        [_network(member) for member in members],
    )
    tracking.log_text(measured.write(), "measurement.json")


def _network(member: Member) -> dict[str, object]:
    metrics = member.evaluation.metrics
    return {
        "name": member.name,
        **{name: metrics[name] for name in ("test_rmse", EXPECTED_RMSE) if name in metrics},
        "val_rmse": [round(epoch["val_rmse"], 5) for epoch in member.trained.result.history],
    }
