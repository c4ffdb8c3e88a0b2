"""Reading the store: which runs there are, what they measured, the files they left.

MLflow is imported where it is needed: it takes seconds, and lists of runs do without it.
"""

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from galopt.errors import GaloptError
from galopt.tracking.sqlite import missing_store, store_path, tracking_uri
from galopt.tracking.sqlite_runs import read_runs
from galopt.tracking.tracked_run import TrackedRun, find_run, measured

if TYPE_CHECKING:
    from mlflow.entities import Run

__all__ = [
    "TrackedRun",
    "all_runs",
    "artifact_path",
    "check_store",
    "children",
    "find_run",
    "measured",
    "newest",
    "predictions",
    "run_of",
    "text",
    "texts",
    "values",
]


def all_runs() -> list[TrackedRun]:
    """Return galopt's runs, the newest first; errors are those of `check_store`."""
    check_store()
    path = store_path(tracking_uri())
    return _search() if path is None else read_runs(path)


def check_store() -> None:
    """Refuse to read a store that is not there: reading would make it.

    Raises
    ------
    GaloptError
        Nothing was tracked here yet, or its database was removed.
    """
    if not missing_store():
        return
    store = tracking_uri()
    if Path("mlruns").is_dir():
        raise GaloptError(f"{store} is gone, though the files of its runs are in mlruns/")
    raise GaloptError(
        f"no runs here ({store} does not exist). The first one: uv run mlflow run . "
        "--env-manager local; of another folder or a server: set MLFLOW_TRACKING_URI"
    )


def newest(kind: str, dataset_hash: str) -> TrackedRun | None:
    """Return the newest finished run of a kind on a dataset; None if there is none, or no store."""
    query = f"tags.`galopt.kind` = '{kind}' and tags.`galopt.dataset` = '{dataset_hash}'"
    found = _search(f"{query} and attributes.status = 'FINISHED'", most=1)
    return found[0] if found else None


def run_of(run_id: str) -> TrackedRun:
    """Return the run with this id."""
    import mlflow

    return _tracked(mlflow.get_run(run_id))


def children(run: TrackedRun) -> list[TrackedRun]:
    """Return the runs below a run, the oldest first."""
    return _search(f"tags.`mlflow.parentRunId` = '{run.id}'")[::-1]


def values(run: TrackedRun, metric: str) -> list[float]:
    """Return every value of a metric that a run logged, in order."""
    import mlflow

    return [point.value for point in mlflow.MlflowClient().get_metric_history(run.id, metric)]


def text(run: TrackedRun, path: str) -> str | None:
    """Return a text that a run logged; None if it has none."""
    if folder := _local(run.artifacts):
        file = folder / path
        return file.read_text("utf-8") if file.is_file() else None
    import mlflow

    try:
        return mlflow.artifacts.load_text(f"runs:/{run.id}/{path}")
    except mlflow.MlflowException:
        return None


def texts(run: TrackedRun, folder: str, suffix: str) -> dict[str, str]:
    """Return the texts of a folder that a run logged, by the names of their files."""
    import mlflow

    files = [Path(file.path) for file in mlflow.MlflowClient().list_artifacts(run.id, folder)]
    found = {file.stem: text(run, str(file)) for file in files if file.suffix == suffix}
    return {name: content for name, content in found.items() if content is not None}


def predictions(run: TrackedRun) -> pd.DataFrame | None:
    """Return a run's table of predicted test galaxies; None if it has none."""
    logged = text(run, "predictions.csv")
    return None if logged is None else pd.read_csv(io.StringIO(logged), dtype={"id": str})


def artifact_path(run_id: str, path: str) -> Path | None:
    """Return where a run's artifact lies on this machine; None if it is elsewhere or missing."""
    folder = _local(run_of(run_id).artifacts)
    if folder is None or not (file := folder / path).is_file():
        return None
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _local(address: str) -> Path | None:
    """Return the folder of a run's files; None if it is on another machine."""
    uri = urlparse(address)
    if uri.scheme == "file":
        return Path(url2pathname(uri.path))
    return Path(url2pathname(address)) if address and not uri.scheme else None


def _search(query: str = "", most: int = 100_000) -> list[TrackedRun]:
    """Return galopt's runs that a query means, in any experiment, the newest first."""
    if missing_store():
        return []
    import mlflow

    try:
        found = mlflow.search_runs(
            search_all_experiments=True,
            filter_string=" and ".join(filter(None, ("tags.`galopt.kind` like '%'", query))),
            max_results=most,
            order_by=["start_time DESC"],
            output_format="list",
        )
    except mlflow.MlflowException as error:
        raise GaloptError(f"{tracking_uri()}: {error.message}") from None
    return [_tracked(run) for run in found]


def _tracked(run: "Run") -> TrackedRun:
    return TrackedRun(
        run.info.run_id,
        run.info.run_name or run.info.run_id[:8],
        run.info.status,
        datetime.fromtimestamp(run.info.start_time / 1000),
        dict(run.data.params),
        dict(run.data.tags),
        dict(run.data.metrics),
        run.info.artifact_uri,
    )
