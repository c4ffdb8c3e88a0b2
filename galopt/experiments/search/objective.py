"""The objective of the search: one configuration trained on a worker, pruned, tracked."""

import gc
import shutil
from dataclasses import dataclass
from typing import Any

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import quiet
from galopt.config import Config
from galopt.experiments.search.space import Space
from galopt.experiments.search.trial import TrialHandle
from galopt.experiments.worker import dataset_of
from galopt.networks.architecture import totals
from galopt.paths import CHECKPOINTS


@dataclass(frozen=True)
class TrainingObjective:
    """Trains the configuration that a trial's values make.

    Attributes
    ----------
    config : Config
        What the trials share, with the epochs of a trial; its `search.space` names the rest.
    folder, dataset_hash : str
        The dataset, and the hash that tells it is the right one.
    tracking_uri : str
        The driver's MLflow store.
    """

    config: Config
    folder: str
    dataset_hash: str
    tracking_uri: str

    def __call__(self, report: TrialHandle, values: dict[str, Any]) -> list[float]:
        """Train and return the objectives; raises `TrialPruned` from within."""
        start_keras()
        import keras  # here, because the driver, which sends this, trains nothing

        from galopt.tracking.models import starting_network
        from galopt.tracking.trial_runs import TrialLog
        from galopt.training.classes import suit_labels
        from galopt.training.train import train

        task = report.task
        dataset = dataset_of(self.folder, self.dataset_hash)
        config = suit_labels(Space(self.config).configure(values), dataset)
        log = TrialLog(task.attributes["mlflow_run_id"], self.tracking_uri)
        log.config(config)
        start = starting_network(config.train.init_from)
        error = self.config.search.objectives[0]
        best = float("inf")

        def on_epoch(epoch: int, measured: dict[str, float]) -> None:
            nonlocal best
            best = min(best, measured[error])
            log.epoch(epoch, measured)
            report.epoch(epoch, best)

        # a trial tried again goes on
        checkpoints = CHECKPOINTS / f"{task.search.study}-{task.first}"
        try:
            with quiet():
                train(config, dataset, checkpoints, on_epoch, start)
            shutil.rmtree(checkpoints, ignore_errors=True)
        finally:
            log.close()
            keras.utils.clear_session()
            gc.collect()
        flops = totals(config.network, len(dataset.targets), len(dataset.bands))["flops"]
        measures = {error: best, "flops": float(flops)}
        return [measures[name] for name in self.config.search.objectives]
