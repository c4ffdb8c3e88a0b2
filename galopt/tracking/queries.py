"""Reading the store: which runs there are, what they measured, the models they left."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from galopt.errors import GaloptError
from galopt.tracking.store import EXPERIMENT

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class TrackedRun:
    """One run as the store knows it.

    Attributes
    ----------
    id, name, status : str
    started : datetime
        Local time.
    params, tags : dict of str
    metrics : dict of float
        The last value of each.
    """

    id: str
    name: str
    status: str
    started: datetime
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]

    @property
    def kind(self) -> str:
        """The tag `galopt.kind`; empty if the run has none."""
        return self.tags.get("galopt.kind", "")

    @property
    def survey(self) -> str:
        """The survey it was measured on, the tag `galopt.survey`."""
        return self.tags.get("galopt.survey", "")

    @property
    def title(self) -> str:
        """The name without the survey that it ends with."""
        return self.name.removesuffix(f" on {self.survey}")

    @property
    def label(self) -> str:
        """A name that is unique: the title and the start of the id."""
        return f"{self.title} ({self.id[:8]})"


def all_runs() -> list[TrackedRun]:
    """Return the experiment's runs, the newest first.

    Raises
    ------
    GaloptError
        There is no store here, or it cannot be reached.
    """
    uri = mlflow.get_tracking_uri()
    if uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists():
        raise GaloptError(
            f"no runs here ({uri} does not exist): start in the project's folder, "
            "or set MLFLOW_TRACKING_URI"
        )
    try:
        found = mlflow.search_runs(
            experiment_names=[EXPERIMENT], output_format="list", order_by=["start_time DESC"]
        )
    except MlflowException as error:
        raise GaloptError(f"{uri}: {error.message}") from None
    return [_tracked(run) for run in found]


def find_run(reference: str, runs: list[TrackedRun]) -> TrackedRun:
    """Return the run that an id, the unique start of one, or a name means.

    Raises
    ------
    GaloptError
        No run, or more than one, is meant.
    """
    meant = [run for run in runs if run.id == reference]
    meant = meant or [run for run in runs if reference in (run.name, run.title)]
    meant = meant or [run for run in runs if reference and run.id.startswith(reference)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise GaloptError(f"no run {reference!r}; uv run galopt runs lists what there is")
    ids = ", ".join(f"{run.id[:8]} of {run.started:%Y-%m-%d %H:%M}" for run in meant[:5])
    raise GaloptError(f"{len(meant)} runs are called {reference!r}: give an id, such as {ids}")


def predictions(run: TrackedRun) -> pd.DataFrame | None:
    """Return a run's table of predicted test galaxies; None if it has none."""
    try:
        text = mlflow.artifacts.load_text(f"runs:/{run.id}/predictions.csv")
    except MlflowException:
        return None
    return pd.read_csv(io.StringIO(text), dtype={"id": str})


def _tracked(run: Run) -> TrackedRun:
    return TrackedRun(
        run.info.run_id,
        run.info.run_name or run.info.run_id[:8],
        run.info.status,
        datetime.fromtimestamp(run.info.start_time / 1000),
        dict(run.data.params),
        dict(run.data.tags),
        dict(run.data.metrics),
    )
