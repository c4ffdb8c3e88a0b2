"""Opening a tracked model: a registered version, an alias, or the model of a run."""

from dataclasses import dataclass
from typing import Any

import keras
import mlflow
from mlflow.exceptions import MlflowException

from galopt.errors import GaloptError
from galopt.tracking.queries import all_runs, find_run


@dataclass(frozen=True)
class TrackedModel:
    """A loaded model and what is known of it.

    Attributes
    ----------
    model : mlflow.pyfunc.PyFuncModel
        Stamps (N, S, S) uint8 to a DataFrame of fractions.
    targets : list of str
    side : int
        Side S of the stamps, px.
    params : dict of str
        Parameters of the run that made it, such as ``stamps.softening``.
    origin : dict of str
        Where it comes from: uri, run, dataset.
    """

    model: Any
    targets: list[str]
    side: int
    params: dict[str, str]
    origin: dict[str, str]


def open_model(reference: str) -> TrackedModel:
    """Load a model by its URI (``models:/galopt@champion``) or by its run's id or name.

    Raises
    ------
    GaloptError
        There is none, or it is not a model of galopt.
    """
    if reference.startswith(("models:/", "runs:/")):
        uri, meant = reference, reference
    else:
        run = find_run(reference, all_runs())
        uri, meant = f"runs:/{run.id}/model", f"run {run.label}, {run.status.lower()}"
    try:
        model = mlflow.pyfunc.load_model(uri)
        params = mlflow.get_run(model.metadata.run_id).data.params
    except MlflowException as error:
        raise GaloptError(
            f"{meant}: no model there ({' '.join(str(error.message).split())}); train one: "
            "uv run mlflow run . --env-manager local"
        ) from None
    about = model.metadata.metadata or {}
    if "targets" not in about:
        raise GaloptError(f"{reference}: not a model that galopt logged")
    origin = {"model": uri, "run": model.metadata.run_id, "dataset": about["dataset"]}
    side = model.metadata.signature.inputs.inputs[0].shape[1]
    return TrackedModel(model, about["targets"], side, params, origin)


def fetch_network(reference: str) -> keras.Model:
    """Return the network of a tracked model, of several averaged ones the first.

    Parameters and errors are those of `open_model`.
    """
    return open_model(reference).model.unwrap_python_model().networks[0]
