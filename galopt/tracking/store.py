"""The store: its experiment, the published results in it, runs whose process has died."""

import logging
import os
import socket
from pathlib import Path

import mlflow
import psutil
from mlflow.entities import RunStatus

from galopt.evaluation.published import PUBLISHED
from galopt.tracking import ui_view

logger = logging.getLogger(__name__)

EXPERIMENT = "galopt"
PUBLISHED_RMSE = "published_rmse"
_SQLITE = "sqlite:///"


def experiment_id() -> str:
    """Return the id of the experiment `galopt`, made if need be."""
    if missing_store():
        logger.info("Making MLflow's store, mlflow.db")
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)


def missing_store() -> bool:
    """Whether the store would be a new, empty file; reading it would make it."""
    uri = mlflow.get_tracking_uri()
    return uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists()


def open_store() -> str:
    """Prepare the store and return the experiment's id.

    Call it once, in the first process, before any worker starts: processes that open a
    fresh SQLite store at the same moment break each other.
    """
    experiment = experiment_id()
    ui_view.prepare(experiment)
    _publish(experiment)
    _close_dead_runs(experiment)
    return experiment


def process_name() -> str:
    """Return a name of this process that no later process will have."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()}:{os.getpid()}:{started:.0f}"


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


def _close_dead_runs(experiment: str) -> None:
    """Mark as killed every run left RUNNING by a process of this machine that is gone."""
    client = mlflow.MlflowClient()
    for run in client.search_runs([experiment], "attributes.status = 'RUNNING'"):
        host, _, process = run.data.tags.get("galopt.process", "").partition(":")
        if host == socket.gethostname() and not _alive(process):
            client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))


def _alive(process: str) -> bool:
    pid, _, started = process.partition(":")
    try:
        return f"{psutil.Process(int(pid)).create_time():.0f}" == started
    except psutil.NoSuchProcess:
        return False
