"""What MLflow calls to load a logged model and to predict with it, wherever that is."""

import json
import sys
from pathlib import Path

import pandas as pd
from mlflow.environment_variables import _MLFLOW_IS_IN_SERVING_ENVIRONMENT
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

import galopt
from galopt.errors import GaloptError
from galopt.prediction.model import MorphologyModel


class BadRequest(MlflowException):
    """A request that cannot be answered.

    The reply has status 400 and holds the reason alone; MLflow would put the whole input
    before it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, INVALID_PARAMETER_VALUE)
        self.reason = reason

    def serialize_as_json(self) -> str:
        """Return the body of the reply."""
        return json.dumps({"error_code": self.error_code, "message": self.reason})


class PyfuncModel:
    """A model as MLflow wants it."""

    def __init__(self, model: MorphologyModel) -> None:
        self.model = model

    def predict(self, images, params=None):  # type: ignore[no-untyped-def]
        """Return the table of `MorphologyModel.predict`, whose `errors` is a parameter.

        Without type hints, which MLflow would take for a signature. Of a table the first
        column is read. A server opens no files: it reads what it is sent.
        """
        if isinstance(images, dict | pd.DataFrame):
            images = next(iter(images.values())) if isinstance(images, dict) else images.iloc[:, 0]
        served = bool(_MLFLOW_IS_IN_SERVING_ENVIRONMENT.get())
        try:
            return self.model.predict(
                images, errors=bool((params or {}).get("errors")), paths=not served
            )
        except GaloptError as error:
            raise BadRequest(str(error)) from None


def _load_pyfunc(folder: str) -> PyfuncModel:
    """Load the model for MLflow, which calls this by its name."""
    _forget_copy(Path(folder))
    return PyfuncModel(MorphologyModel.load(Path(folder)))


def _forget_copy(folder: Path) -> None:
    """Take the model's copy of galopt off the path again where galopt is installed.

    The installed package was imported before; processes that this one starts would import the
    copy, of perhaps another version.
    """
    for parent in folder.resolve().parents:
        copy = parent / "code"
        if copy not in Path(galopt.__file__).resolve().parents:
            sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != copy]
