"""Trained models as MLflow models: logged as code without pickles, registered, championed."""

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

import galopt
from galopt import serving
from galopt.config import Evaluate
from galopt.dataset import Dataset

NAME = "galopt"
REQUIREMENTS = [f"{name}=={version(name)}" for name in ("tensorflow", "keras", "numpy", "pandas")]


def log_model(models: list[Any], dataset: Dataset, views: Evaluate) -> str:
    """Log one model, or several that are averaged, as the run's model.

    Parameters
    ----------
    models : list of keras.Model
        Each takes stored stamps (B, S, S) uint8 and returns fractions (B, T).
    dataset : Dataset
        Gives the names of the fractions.
    views : config section
        Views of each stamp that the served model averages.

    Returns
    -------
    str
        The model's URI.
    """
    stamps = TensorSpec(np.dtype(np.uint8), (-1, dataset.side, dataset.side), "stamps")
    fractions = Schema([ColSpec(DataType.double, target) for target in dataset.targets])
    package = Path(galopt.__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "networks"
        serving.save(models, dataset.targets, views, data)
        logged = mlflow.pyfunc.log_model(
            name="model",
            loader_module="galopt.serving",
            data_path=str(data),
            code_paths=[str(package)],
            signature=ModelSignature(Schema([stamps]), fractions),
            input_example=np.array(dataset.split("test").images[:1]),
            pip_requirements=REQUIREMENTS,
            metadata={"targets": dataset.targets, "dataset": dataset.info["hash"]},
        )
    return logged.model_uri


def register(model_uri: str, val_rmse: float, dataset: Dataset) -> str | None:
    """Register a model; make it the champion if it is the best on its dataset.

    Returns
    -------
    str or None
        Why it did not become the champion; None if it did.
    """
    client = mlflow.MlflowClient()
    tags = {"val_rmse": f"{val_rmse:.5f}", "galopt.dataset": dataset.info["hash"]}
    version = mlflow.register_model(model_uri, NAME, tags=tags)
    champion = _champion(client)
    if champion is None or not champion.tags.get("val_rmse"):
        client.set_registered_model_alias(NAME, "champion", version.version)
        return None
    if champion.tags.get("galopt.dataset") != dataset.info["hash"]:
        return f"the champion (version {champion.version}) was trained on another dataset"
    if float(champion.tags["val_rmse"]) <= val_rmse:
        return f"the champion (version {champion.version}) has a lower validation RMSE"
    client.set_registered_model_alias(NAME, "champion", version.version)
    return None


def _champion(client: mlflow.MlflowClient) -> Any:
    try:
        return client.get_model_version_by_alias(NAME, "champion")
    except mlflow.exceptions.MlflowException:
        return None
