"""What a search has left in the MLflow store of a folder."""

from collections import Counter
from pathlib import Path

from mlflow import MlflowClient

KINDS = "tags.`galopt.kind` != 'published'"


def statuses(folder: Path) -> Counter:
    """Return how many runs of searches and trials have which status."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("galopt").experiment_id
    return Counter(run.info.status for run in client.search_runs([experiment], KINDS))


def figures(folder: Path) -> set[str]:
    """Return the names of the figures that the search has, as a page and as a picture."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("galopt").experiment_id
    (search,) = client.search_runs([experiment], "tags.`galopt.kind` = 'search'")
    artifacts = Path(search.info.artifact_uri.removeprefix("file://")) / "study"
    return {page.stem for page in artifacts.glob("*.html") if page.with_suffix(".png").exists()}
