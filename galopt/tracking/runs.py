"""One run: its parameters, its dataset, its curve, its results."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import yaml
from mlflow.data.sources import LocalArtifactDatasetSource  # type: ignore[attr-defined]
from mlflow.exceptions import MlflowException

from galopt.compute.process_name import process_name
from galopt.compute.progress import busy
from galopt.compute.versions import commit
from galopt.config import Config, Network
from galopt.config.load import flatten
from galopt.config.rerun_command import title
from galopt.data.dataset import Dataset
from galopt.errors import GaloptError
from galopt.networks import architecture
from galopt.tracking.store import open_store

if TYPE_CHECKING:
    from galopt.evaluation.evaluate import (
        Evaluation,  # loads Keras, which reading the store does not need
    )


@contextmanager
def start_run(
    config: Config,
    dataset: Dataset,
    kind: str = "run",
    name: str | None = None,
    run_id: str | None = None,
    parent_run_id: str | None = None,
) -> Iterator[str]:
    """Open a run, log what defines it, and close it when the block ends.

    Parameters
    ----------
    config : Config
    dataset : Dataset
    kind : {'run', 'trial', 'search', 'ensemble', 'ablation'}
        The tag `galopt.kind`.
    name : str, optional
        The run's name; the preset and what differs from it by default.
    run_id : str, optional
        Go on with this run instead of a new one.
    parent_run_id : str, optional
        Nest the run under this one.

    Yields
    ------
    str
        The run's id. A run that `mlflow run` has started is taken over, not duplicated.
    """
    name = name or title(config)
    with busy("Opening MLflow"):
        experiment = (
            open_store()
            if parent_run_id is None
            else mlflow.get_run(parent_run_id).info.experiment_id
        )
    started_by_mlflow = "MLFLOW_RUN_ID" in os.environ and parent_run_id is None
    if run_id is not None:
        _check_known(run_id)
    if started_by_mlflow:
        _check_started(os.environ["MLFLOW_RUN_ID"])
    with mlflow.start_run(
        run_id=run_id,
        experiment_id=None if run_id or started_by_mlflow else experiment,
        run_name=name,
        parent_run_id=parent_run_id,
        nested=parent_run_id is not None,
        log_system_metrics=True,
    ) as run:
        if run_id is None:
            _describe(config, dataset, kind)
        mlflow.set_tag("galopt.process", process_name())
        if started_by_mlflow:
            mlflow.set_tag("mlflow.runName", name)
        yield run.info.run_id


def _check_started(run_id: str) -> None:
    try:
        gone = mlflow.get_run(run_id).info.lifecycle_stage == "deleted"
    except MlflowException:
        gone = True
    if gone:
        raise GaloptError(
            f"MLFLOW_RUN_ID={run_id} is no run of {mlflow.get_tracking_uri()}: unset MLFLOW_RUN_ID"
        )


def _check_known(run_id: str) -> None:
    try:
        mlflow.get_run(run_id)
    except MlflowException:
        raise GaloptError(
            f"{mlflow.get_tracking_uri()} has no run {run_id}: set MLFLOW_TRACKING_URI to the "
            "store that has, or train again (uv run dvc repro -f train)"
        ) from None


def log_epoch(epoch: int, values: Mapping[str, float]) -> None:
    """Log one epoch's values at its step."""
    mlflow.log_metrics(dict(values), step=epoch)


def log_history(history: list[dict[str, float]]) -> None:
    """Log which epoch was best and how well it did."""
    best = min(range(len(history)), key=lambda epoch: history[epoch]["val_rmse"])
    mlflow.log_metrics({"best_epoch": best, "best_val_rmse": history[best]["val_rmse"]})


def log_network(network: Network, targets: int, planes: int = 1) -> None:
    """Log what the network costs as metrics, and its table of layers as ``network.json``."""
    costs = architecture.totals(network, targets, planes)
    mlflow.log_metrics({f"network/{name}": value for name, value in costs.items()})
    table = [asdict(layer) for layer in architecture.layers(network, targets, planes)]
    mlflow.log_dict({"layers": table, "totals": costs}, "network.json")


def log_training(summary: Mapping[str, Any]) -> None:
    """Log how the training went and on what, as tags to filter by."""
    mlflow.set_tags({f"galopt.{name}": summary[name] for name in ("hardware", "precision")})


def log_evaluation(evaluation: "Evaluation") -> None:
    """Log the test metrics and the table of predictions."""
    mlflow.log_metrics(evaluation.metrics)
    mlflow.log_text(evaluation.table.to_csv(index=False), "predictions.csv")


def log_figures(figures: Mapping[str, str]) -> None:
    """Log SVG files as ``plots/<name>.svg``."""
    for name, drawn in figures.items():
        mlflow.log_text(drawn, f"plots/{name}.svg")


def describe_run(text: str) -> None:
    """Give the open run a description, in Markdown."""
    mlflow.set_tag("mlflow.note.content", text)


def note_refusal(reason: str) -> None:
    """Say in the run that `mlflow run` has started, if it has, why nothing became of it."""
    if run_id := os.environ.get("MLFLOW_RUN_ID"):
        client = mlflow.MlflowClient()
        client.set_tag(run_id, "mlflow.note.content", reason)
        client.set_tag(run_id, "galopt.reason", reason)


def log_text(text: str, path: str) -> None:
    """Log a text as an artifact."""
    mlflow.log_text(text, path)


def log_file(file: Path, folder: str | None = None) -> None:
    """Log a file as an artifact."""
    mlflow.log_artifact(str(file), folder)


def add_file(run_id: str, file: Path) -> None:
    """Log a file into a run that has ended."""
    mlflow.MlflowClient().log_artifact(run_id, str(file))


def _describe(config: Config, dataset: Dataset, kind: str) -> None:
    info = dataset.info
    mlflow.log_params(flatten(config))
    tags = {
        "galopt.kind": kind,
        "galopt.preset": config.network.preset,
        "galopt.survey": info["name"],
        "galopt.fractions": info["fractions"],
        "galopt.dataset": info["hash"],
        "galopt.dataset.md5": _dvc_md5(dataset.folder),
        "galopt.galaxies": str(info["galaxies"]),
        "galopt.commit": commit(),
    }
    mlflow.set_tags({key: value for key, value in tags.items() if value})
    for split, context in (("train", "training"), ("validation", "validation"), ("test", "test")):
        galaxies = dataset.split(split)
        source = mlflow.data.from_numpy(  # type: ignore[attr-defined]
            galaxies.images,
            targets=galaxies.fractions,
            source=LocalArtifactDatasetSource(dataset.folder.resolve().as_uri()),
            name=f"{info['name']} {split}",
            digest=info["hash"],
        )
        mlflow.log_input(source, context=context)
    mlflow.log_dict(info, "dataset.json")


def _dvc_md5(folder: Path) -> str | None:
    """Return the checksum that dvc.lock holds for the dataset, if DVC made it."""
    lock = Path("dvc.lock")
    if not lock.exists():
        return None
    stages: dict[str, Any] = (yaml.safe_load(lock.read_text("utf-8")) or {}).get("stages", {})
    outs = (out for stage in stages.values() for out in stage.get("outs", ()))
    return next((out["md5"] for out in outs if Path(out["path"]) == folder), None)
