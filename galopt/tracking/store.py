"""The store: its experiment, the published results in it, runs whose process has died."""

import logging
import time

import mlflow
import psutil
from mlflow.entities import Run, RunStatus
from mlflow.exceptions import MlflowException

from galopt.compute.process_name import is_gone
from galopt.errors import GaloptError
from galopt.evaluation.published import PUBLISHED
from galopt.tracking import ui_view
from galopt.tracking.sqlite import make_store, store_path

logger = logging.getLogger(__name__)

EXPERIMENT = "galopt"
PUBLISHED_RMSE = "published_rmse"
STARTING = 60.0
"""Seconds between the start of a run by `mlflow run` and its program's, at the most."""


def experiment_id() -> str:
    """Return the id of the experiment `galopt`, made if need be."""
    make_store(mlflow.get_tracking_uri())
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        try:
            return client.create_experiment(EXPERIMENT)
        except MlflowException:  # another process was faster
            experiment = client.get_experiment_by_name(EXPERIMENT)
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        raise GaloptError(
            f"the experiment {EXPERIMENT} was deleted in MLflow's pages; its runs are still there: "
            f"uv run mlflow experiments restore -x {experiment.experiment_id}"
        )
    return experiment.experiment_id


def open_store() -> str:
    """Prepare the store and return the experiment's id.

    Call it once, in the first process, before any worker starts: processes that open a
    fresh SQLite store at the same moment break each other.
    """
    experiment = experiment_id()
    ui_view.prepare(experiment)
    _publish(experiment)
    _close_dead_runs()
    return experiment


def _publish(experiment: str) -> None:
    """Log the published results, under a metric of their own: they are of other galaxies."""
    client = mlflow.MlflowClient()
    known = set()
    for run in client.search_runs([experiment], "tags.`galopt.kind` = 'published'"):
        if PUBLISHED_RMSE in run.data.metrics:
            known.add(run.data.tags.get("galopt.preset"))
        else:  # of before version 0.2: it sorted as if it were ours
            client.delete_run(run.info.run_id)
    for result in PUBLISHED:
        if result.key in known:
            continue
        tags = {
            "galopt.kind": "published",
            "galopt.preset": result.key,
            "galopt.survey": result.survey,
            "mlflow.note.content": f"{result.method}\n\n*{result.source}*",
        }
        run = client.create_run(experiment, tags=tags, run_name=result.name)
        client.log_metric(run.info.run_id, PUBLISHED_RMSE, result.rmse)
        client.set_terminated(run.info.run_id)


def _close_dead_runs() -> None:
    """Mark as killed every run left RUNNING by a process of this machine that is gone."""
    client = mlflow.MlflowClient()
    experiments = [found.experiment_id for found in client.search_experiments()]
    dead = [
        run.info.run_id
        for run in client.search_runs(experiments, "attributes.status = 'RUNNING'")
        if _is_dead(run)
    ]
    for run_id in dead:
        client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))
    if dead:
        logger.info(f"Marked as killed, as their processes are gone: {len(dead)} runs")


def _is_dead(run: Run) -> bool:
    if name := run.data.tags.get("galopt.process"):
        return is_gone(name)
    if run.data.tags.get("mlflow.source.type") != "PROJECT":
        return False
    # `mlflow run` made it and was killed before its program said who it is
    local = store_path(mlflow.get_tracking_uri()) is not None
    young = time.time() - run.info.start_time / 1000 < STARTING
    return local and not young and not _is_being_started(run.info.run_id)


def _is_being_started(run_id: str) -> bool:
    """Whether a process of this machine was started for a run."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("MLFLOW_RUN_ID") == run_id:
                return True
        except (psutil.Error, OSError):
            continue
    return False
