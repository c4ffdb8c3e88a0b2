"""Trained models as MLflow models: logged as code without pickles, registered, championed."""

import base64
import io
import tempfile
from contextlib import redirect_stderr
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Run
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from numpy.typing import NDArray

from galopt.data.dataset import Dataset
from galopt.data.imaging.stamp_files import encode
from galopt.errors import GaloptError
from galopt.evaluation.evaluate import constant_rmse
from galopt.paths import DATASET
from galopt.prediction.model import MorphologyModel
from galopt.tracking.sqlite import missing_store

NAME = "galopt"
ABOUT = (
    "Networks of `galopt`: an image of a galaxy in, the fraction of people who would tick each "
    "answer out. Every version has a card with its dataset, errors and limits. The alias "
    "`champion` is the best of the first dataset that was trained on here."
)
TRAIN = "uv run mlflow run . --env-manager local"
LOADER = "galopt.tracking.pyfunc"
REQUIREMENTS = (
    "astropy",
    "keras",
    "numpy",
    "pandas",
    "pillow",
    "psutil",
    "pydantic",
    "rich",
    "scipy",
    "tensorflow",
)
"""What a logged model imports beside MLflow: its code is copied, these are installed."""


def log_model(model: MorphologyModel, dataset: Dataset) -> str:
    """Log the run's model.

    Parameters
    ----------
    model : MorphologyModel
    dataset : Dataset
        What it was trained on.

    Returns
    -------
    str
        The model's URI.
    """
    package = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "networks"
        model.save(data)
        logged = mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(data),
            code_paths=[str(package)],
            signature=signature(model),
            input_example=_example(dataset.split("test").images[0]),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            metadata={
                "targets": model.targets,
                "dataset": dataset.info["hash"],
                "survey": dataset.info["name"],
            },
        )
    return logged.model_uri


def signature(model: MorphologyModel) -> ModelSignature:
    """Return what MLflow is told of a model: its outputs, and that errors may be asked for.

    Nothing of the inputs, so that MLflow hands them over unconverted: whatever
    `MorphologyModel.predict` takes.
    """
    fractions = Schema([ColSpec(DataType.double, target) for target in model.targets])
    errors = ParamSchema([ParamSpec("errors", DataType.boolean, False)])
    return ModelSignature(outputs=fractions, params=errors)


def register(
    model_uri: str, val_rmse: float, dataset: Dataset, galaxies: int | None = None
) -> str | None:
    """Register a model; make it the champion if it is the best on its dataset.

    Parameters
    ----------
    model_uri : str
    val_rmse : float
    dataset : Dataset
    galaxies : int, optional
        How many of the train split it learnt from, if not all. Its validation RMSE is then of
        a share of the validation split, and does not compare with the champion's.

    Returns
    -------
    str or None
        Why it did not become the champion; None if it did.
    """
    client = mlflow.MlflowClient()
    tags = {"galopt.dataset": dataset.info["hash"]}
    constant = constant_rmse(dataset, dataset.split("validation"))
    learnt = val_rmse < constant
    if galaxies is None and learnt:
        tags["val_rmse"] = f"{val_rmse:.5f}"
    with redirect_stderr(io.StringIO()):  # two lines that tell of MLflow's own work
        version = mlflow.register_model(model_uri, NAME, tags=tags)
    if not client.get_registered_model(NAME).description:
        client.update_registered_model(NAME, ABOUT)
    repeated = _repeated_by(version, client)
    champion = _champion(client)
    if champion is not None and champion.version in repeated:
        champion = None
    reason = (
        _better(champion, version.version, val_rmse, dataset, galaxies)
        if learnt
        else f"its validation RMSE, {val_rmse:.4f}, is not below that of always answering the "
        f"mean, {constant:.4f}"
    )
    if reason is None:
        client.set_registered_model_alias(NAME, "champion", version.version)
    for number in repeated:
        client.delete_model_version(NAME, number)
    return reason


def _better(
    champion: Any, version: str, val_rmse: float, dataset: Dataset, galaxies: int | None
) -> str | None:
    """Return why the champion stays it, beside a network that has learnt something."""
    if champion is None or not champion.tags.get("val_rmse"):
        return None
    if galaxies is not None:
        return f"it learnt from {galaxies} galaxies, and was stopped by as small a share of others"
    if champion.tags.get("galopt.dataset") != dataset.info["hash"]:
        return (
            f"the champion (version {champion.version}) was trained on another dataset; "
            f"this one is {NAME}/{version} (--model models:/{NAME}/{version})"
        )
    if float(champion.tags["val_rmse"]) <= val_rmse:
        return f"the champion (version {champion.version}) has a lower validation RMSE"
    return None


def _repeated_by(version: Any, client: mlflow.MlflowClient) -> set[str]:
    """Return the versions of runs that ended early, after registering, which this one's repeats.

    Ctrl-C leaves a failed run, a kill one that is marked as killed by the next.
    """
    if not version.run_id:
        return set()
    ours = client.get_run(version.run_id)
    early = "attributes.status != 'FINISHED' and attributes.status != 'RUNNING'"
    ended = client.search_runs([ours.info.experiment_id], early)
    same = {run.info.run_id for run in ended if _made_of(run) == _made_of(ours)}
    versions = client.search_model_versions(f"name = '{NAME}'")
    return {held.version for held in versions if held.run_id in same}


def _made_of(run: Run) -> tuple[dict[str, str], dict[str, str | None]]:
    """Return what decides a run's result: its parameters, its dataset, its kind."""
    params = {key: value for key, value in run.data.params.items() if "." in key}
    return params, {tag: run.data.tags.get(tag) for tag in ("galopt.dataset", "galopt.kind")}


def champion_of(dataset_hash: str | None) -> str:
    """Return the URI of the best registered model of a dataset.

    It is the version with the alias `champion` if that is of the dataset, otherwise the one
    with the lowest validation RMSE among those trained on all its labels.

    Parameters
    ----------
    dataset_hash : str or None
        None means any dataset: the alias `champion`.

    Raises
    ------
    GaloptError
        No network of the dataset was registered.
    """
    alias = f"models:/{NAME}@champion"
    if dataset_hash is None:
        return alias
    if missing_store():
        raise GaloptError(
            f"no network of the dataset in {DATASET} was trained yet: {TRAIN}; or --model "
            "builtin:modern, which comes with galopt"
        )
    client = mlflow.MlflowClient()
    champion = _champion(client)
    if champion is not None and champion.tags.get("galopt.dataset") == dataset_hash:
        return alias
    if versions := _learnt(client, dataset_hash):
        best = min(versions, key=lambda version: float(version.tags["val_rmse"]))
        return f"models:/{NAME}/{best.version}"
    other = "" if champion is None else f"; --model {alias} takes one of another dataset"
    raise GaloptError(
        f"no network of the dataset in {DATASET} ({dataset_hash}) that has learnt anything is "
        f"registered; train one: {TRAIN}{other}"
    )


def champion_rmse(dataset_hash: str) -> float | None:
    """Return the validation RMSE of the best registered model of a dataset; None without one."""
    if missing_store():
        return None
    versions = _learnt(mlflow.MlflowClient(), dataset_hash)
    return min((float(version.tags["val_rmse"]) for version in versions), default=None)


def _learnt(client: mlflow.MlflowClient, dataset_hash: str) -> list[Any]:
    """Return the versions that were trained on all labels of a dataset and learnt anything."""
    return [
        version
        for version in client.search_model_versions(f"name = '{NAME}'")
        if version.tags.get("galopt.dataset") == dataset_hash and "val_rmse" in version.tags
    ]


def describe_model(card: str) -> None:
    """Give the versions that hold the open run's model their card; log it beside them."""
    run = mlflow.active_run()
    client = mlflow.MlflowClient()
    for held in client.search_model_versions(f"run_id = '{run.info.run_id}'") if run else ():
        client.update_model_version(held.name, held.version, description=card)
    mlflow.log_text(card, "model_card.md")


def _example(stamp: NDArray[np.uint8]) -> NDArray[Any]:
    """Return a request of one stamp, as a JPEG or TIFF file in base64."""
    file = io.BytesIO()
    encode(stamp, file, quality=95)
    return np.array([base64.b64encode(file.getvalue()).decode()], object)


def _champion(client: mlflow.MlflowClient) -> Any:
    try:
        return client.get_model_version_by_alias(NAME, "champion")
    except mlflow.exceptions.MlflowException:
        return None
