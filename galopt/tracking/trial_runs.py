"""The trials of a search as child runs: the driver opens and ends them, the worker fills them."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import mlflow
from mlflow.entities import Metric, Param, RunStatus
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from galopt.compute.process_name import process_name
from galopt.compute.retry import retry
from galopt.config import Config
from galopt.config.load import flatten

Result = TypeVar("Result")
_AWAY = (MlflowException, SQLAlchemyError, OSError)
_STATUS = {"COMPLETE": "FINISHED", "PRUNED": "FINISHED", "FAIL": "FAILED"}
_BATCH = 900
"""Metrics a request; MLflow takes a thousand."""


def start_trial(parent_run_id: str, number: int, tags: Mapping[str, str]) -> str:
    """Open the run of a trial under its study's run and return its id."""
    client = mlflow.MlflowClient()
    parent = _patiently(client.get_run, parent_run_id)
    inherited = ("galopt.survey", "galopt.dataset", "galopt.fractions", "galopt.commit")
    run = _patiently(
        client.create_run,
        parent.info.experiment_id,
        run_name=f"trial {number}",
        tags={name: parent.data.tags[name] for name in inherited if name in parent.data.tags}
        | {
            "galopt.kind": "trial",
            "galopt.trial": str(number),
            "galopt.process": process_name(),
            "mlflow.parentRunId": parent_run_id,
        }
        | dict(tags),
    )
    return run.info.run_id


def end_trial(run_id: str, state: str, reason: str | None, values: Mapping[str, float]) -> None:
    """Close a trial's run with its state: COMPLETE, PRUNED or FAIL, and why."""
    client = mlflow.MlflowClient()
    _patiently(client.set_tag, run_id, "galopt.state", state.lower())
    if reason:
        _patiently(client.set_tag, run_id, "galopt.reason", reason[:5000])
    for name, value in values.items():
        _patiently(client.log_metric, run_id, name, value)
    _patiently(client.set_terminated, run_id, _STATUS[state])


def kill_trial(run_id: str, reason: str) -> None:
    """Close the run of a trial whose driver has ended, if it is still open."""
    client = mlflow.MlflowClient()
    if client.get_run(run_id).info.status == "RUNNING":
        client.set_tag(run_id, "galopt.state", "fail")
        client.set_tag(run_id, "galopt.reason", reason)
        client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))


def adopt_trials(parent_run_id: str, former_run_id: str) -> None:
    """Move the trials of a study's former run under its present one."""
    client = mlflow.MlflowClient()
    experiment = client.get_run(former_run_id).info.experiment_id
    query = f"tags.`mlflow.parentRunId` = '{former_run_id}'"
    for run in mlflow.search_runs([experiment], query, output_format="list"):
        client.set_tag(run.info.run_id, "mlflow.parentRunId", parent_run_id)
    client.set_tag(former_run_id, "galopt.continued_by", parent_run_id)


def log_progress(run_id: str, metric: str, done: int, best: float) -> None:
    """Log the lowest error of a study after so many trials."""
    _patiently(mlflow.MlflowClient().log_metric, run_id, metric, best, step=done)


class TrialLog:
    """A trial's run as its worker sees it; what cannot be logged now is logged later.

    Parameters
    ----------
    run_id : str
    tracking_uri : str
        Of the driver's store.
    """

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._client, self._run_id = mlflow.MlflowClient(tracking_uri), run_id
        self._pending: list[Metric] = []

    def config(self, config: Config) -> None:
        """Log the full configuration."""
        values = [Param(key, str(value)) for key, value in flatten(config).items()]
        for start in range(0, len(values), 100):
            batch = values[start : start + 100]
            _patiently(self._client.log_batch, self._run_id, params=batch)

    def epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """Log one epoch's values, or keep them until the store answers."""
        now = int(time.time() * 1000)
        self._pending += [Metric(name, value, now, epoch) for name, value in values.items()]
        try:
            self._client.log_batch(self._run_id, metrics=self._pending[:_BATCH])
        except _AWAY:
            return
        del self._pending[:_BATCH]

    def close(self) -> None:
        """Log what has been kept."""
        while self._pending:
            batch = self._pending[:_BATCH]
            _patiently(self._client.log_batch, self._run_id, metrics=batch)
            del self._pending[:_BATCH]


def _patiently(call: Callable[..., Result], *arguments: Any, **keywords: Any) -> Result:
    return retry(call, *arguments, errors=_AWAY, **keywords)
