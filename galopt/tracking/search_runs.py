"""The run of a search, which holds its trials: opened, or taken up again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException

from galopt.config import Config
from galopt.config.load import flatten
from galopt.config.rerun_command import without_password
from galopt.data.dataset import Dataset
from galopt.tracking.runs import start_run
from galopt.tracking.store import open_store
from galopt.tracking.trial_runs import adopt_trials

SHOWN = 5
"""Best trials in the description."""


@contextmanager
def start_search(config: Config, dataset: Dataset, former: str | None) -> Iterator[str]:
    """Open the run of a search.

    Parameters
    ----------
    config : Config
    dataset : Dataset
    former : str or None
        The run that the study had until now. It goes on, or, if `mlflow run` has started
        one of its own, hands its trials over.

    Yields
    ------
    str
        The run's id.
    """
    open_store()
    former = former if former and _exists(former) else None
    started_by_mlflow = os.environ.get("MLFLOW_RUN_ID")
    with start_run(
        config,
        dataset,
        kind="search",
        name=f"search {config.search.study}",
        run_id=None if started_by_mlflow else former,
    ) as run_id:
        mlflow.set_tag("mlflow.runName", f"search {config.search.study} on {dataset.info['name']}")
        if former and former != run_id:
            adopt_trials(run_id, former)
        storage = without_password(config.search.storage)
        settings = config.search.model_copy(update={"space": {}, "storage": storage})
        mlflow.set_tags({f"search.{key}": str(value) for key, value in flatten(settings).items()})
        space = config.search.model_dump(exclude_unset=True)["space"]
        mlflow.log_dict(space, "space.yaml")
        yield run_id


def log_search(verdict: str, best: pd.DataFrame) -> None:
    """Show what a search has found in the open run's description: the best, one per column."""
    few = best.head(SHOWN).T.dropna(how="all").astype(object)
    rows = [[name, *map(_short, values)] for name, *values in few.itertuples()]
    rows.insert(1, ["---"] * len(rows[0]))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    lines = verdict.replace("\n", "\n\n")
    mlflow.set_tag("mlflow.note.content", f"{lines}\n\n{table}"[:8000])


def _short(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.4g}"
    return str(value)


def store_uri() -> str:
    """Return the store's address, for workers that are to log to it too."""
    return mlflow.get_tracking_uri()


def _exists(run_id: str) -> bool:
    try:
        return mlflow.MlflowClient().get_run(run_id).info.lifecycle_stage == "active"
    except MlflowException:
        return False
