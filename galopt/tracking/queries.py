"""Reading the store: which runs there are, what they measured, the models they left."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

import mlflow
import pandas as pd
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from galopt.errors import GaloptError
from galopt.tracking.store import missing_store


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
    """Return galopt's runs, the newest first; errors are those of `check_store`."""
    check_store()
    return _search()


def check_store() -> None:
    """Refuse to read a store that is not there: reading would make it.

    Raises
    ------
    GaloptError
        Nothing was tracked here yet, or its database was removed.
    """
    if not missing_store():
        return
    store = mlflow.get_tracking_uri()
    if Path("mlruns").is_dir():
        raise GaloptError(f"{store} is gone, though the files of its runs are in mlruns/")
    raise GaloptError(
        f"no runs here ({store} does not exist). The first one: uv run mlflow run . "
        "--env-manager local; of another folder or a server: set MLFLOW_TRACKING_URI"
    )


def find_run(reference: str, runs: list[TrackedRun]) -> TrackedRun:
    """Return the run that an id, a name, or the unique start of either means.

    Raises
    ------
    GaloptError
        No run, or more than one, is meant.
    """
    meant = [run for run in runs if run.id == reference]
    meant = meant or [run for run in runs if reference in (run.name, run.title)]
    starts = ("id", "name")  # of an id, then of a name
    for what in starts:
        meant = meant or [r for r in runs if reference and getattr(r, what).startswith(reference)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise GaloptError(f"no run {reference!r}; uv run galopt runs lists what there is")
    ids = ", ".join(f"{run.id[:8]} of {run.started:%Y-%m-%d %H:%M}" for run in meant[:5])
    raise GaloptError(f"{len(meant)} runs are called {reference!r}: give an id, such as {ids}")


def newest(kind: str, dataset_hash: str) -> TrackedRun | None:
    """Return the newest finished run of a kind on a dataset; None if there is none, or no store."""
    query = f"tags.`galopt.kind` = '{kind}' and tags.`galopt.dataset` = '{dataset_hash}'"
    found = _search(f"{query} and attributes.status = 'FINISHED'", most=1)
    return found[0] if found else None


def run_of(run_id: str) -> TrackedRun:
    """Return the run with this id."""
    return _tracked(mlflow.get_run(run_id))


def children(run: TrackedRun) -> list[TrackedRun]:
    """Return the runs below a run, the oldest first."""
    return _search(f"tags.`mlflow.parentRunId` = '{run.id}'")[::-1]


def values(run: TrackedRun, metric: str) -> list[float]:
    """Return every value of a metric that a run logged, in order."""
    return [point.value for point in mlflow.MlflowClient().get_metric_history(run.id, metric)]


def text(run: TrackedRun, path: str) -> str | None:
    """Return a text that a run logged; None if it has none."""
    try:
        return mlflow.artifacts.load_text(f"runs:/{run.id}/{path}")
    except MlflowException:
        return None


def texts(run: TrackedRun, folder: str, suffix: str) -> dict[str, str]:
    """Return the texts of a folder that a run logged, by the names of their files."""
    files = [Path(file.path) for file in mlflow.MlflowClient().list_artifacts(run.id, folder)]
    found = {file.stem: text(run, str(file)) for file in files if file.suffix == suffix}
    return {name: content for name, content in found.items() if content is not None}


def predictions(run: TrackedRun) -> pd.DataFrame | None:
    """Return a run's table of predicted test galaxies; None if it has none."""
    logged = text(run, "predictions.csv")
    return None if logged is None else pd.read_csv(io.StringIO(logged), dtype={"id": str})


def artifact_path(run_id: str, path: str) -> Path | None:
    """Return where a run's artifact lies on this machine; None if it is elsewhere or missing."""
    uri = urlparse(mlflow.get_run(run_id).info.artifact_uri)
    file = Path(unquote(uri.path)) / path
    if uri.scheme not in ("", "file") or not file.is_file():
        return None
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _search(query: str = "", most: int = 100_000) -> list[TrackedRun]:
    """Return galopt's runs that a query means, in any experiment, the newest first."""
    if missing_store():
        return []
    try:
        found = mlflow.search_runs(
            search_all_experiments=True,
            filter_string=" and ".join(filter(None, ("tags.`galopt.kind` like '%'", query))),
            max_results=most,
            order_by=["start_time DESC"],
            output_format="list",
        )
    except MlflowException as error:
        raise GaloptError(f"{mlflow.get_tracking_uri()}: {error.message}") from None
    return [_tracked(run) for run in found]


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
