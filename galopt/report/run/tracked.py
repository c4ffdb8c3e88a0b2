"""What the page of a tracked run shows, read back from the store."""

from statistics import median
from typing import Any

from galopt.config.load import unflatten
from galopt.data.dataset import Dataset, load
from galopt.errors import GaloptError
from galopt.paths import DATASET, DEMO
from galopt.report.run.related_runs import collect
from galopt.report.run.report_data import OURS, ReportData
from galopt.tracking.queries import TrackedRun, predictions, texts, values

EPOCH = ("train_rmse", "val_rmse", "epoch_seconds", "train_images_per_second")


def read_report(run: TrackedRun) -> ReportData:
    """Return the data of a run's page, with what was found on its dataset since.

    Raises
    ------
    GaloptError
        The run has no page, has not finished, or is of another dataset than the one here.
    """
    if run.kind not in OURS or run.status != "FINISHED":
        state = run.status.lower()
        raise GaloptError(f"run {run.label}: a {state} {run.kind or 'command'} has no report")
    measured = run.tags.get("galopt.dataset", "")
    dataset = _dataset(measured, run)
    table = predictions(run)
    history = _history(run) if run.kind == "run" else None
    return ReportData(
        kind=run.kind,
        dataset=dataset,
        config=unflatten(run.params),
        run_id=run.id,
        train=_train(run, history) if history else None,
        history=history,
        metrics=None if table is None else run.metrics,
        predictions=table,
        figures=texts(run, "plots", ".svg"),
        findings=collect(measured, run.kind, run.id),
    )


def _dataset(measured: str, run: TrackedRun) -> Dataset:
    """Return the dataset of a hash, if it is here."""
    here = [load(folder) for folder in (DATASET, DEMO) if folder.exists()]
    for dataset in here:
        if dataset.info["hash"] == measured:
            return dataset
    found = ", ".join(f"{one.folder} is {one.info['hash']}" for one in here) or "none is here"
    raise GaloptError(
        f"run {run.label} is of dataset {measured} ({run.survey}); {found}. Make it again: "
        "uv run dvc repro rescale with the params.yaml of then"
    )


def _history(run: TrackedRun) -> list[dict[str, float]]:
    columns = {name: values(run, name) for name in EPOCH}
    return [dict(zip(EPOCH, epoch, strict=True)) for epoch in zip(*columns.values(), strict=True)]


def _train(run: TrackedRun, history: list[dict[str, float]]) -> dict[str, Any]:
    """Return what `metrics/train.json` says."""
    best = min(range(len(history)), key=lambda epoch: history[epoch]["val_rmse"])
    middle = {name: median(epoch[name] for epoch in history) for name in EPOCH[2:]}
    return {
        "val_rmse": history[best]["val_rmse"],
        "train_rmse": history[best]["train_rmse"],
        "epochs": len(history),
        "best_epoch": best + 1,
        **middle,
        "precision": run.tags.get("galopt.precision", "unknown"),
        "hardware": run.tags.get("galopt.hardware", "unknown"),
        "mlflow_run_id": run.id,
    }
