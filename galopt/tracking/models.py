"""Opening a tracked model: a registered version, an alias, a run's, or a folder's."""

import logging
from pathlib import Path

import keras
import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from galopt.config.load import load_config
from galopt.data.imaging.bands import GREY
from galopt.errors import GaloptError
from galopt.files import read_json
from galopt.mlflow_plugin import OLD_LOADER, say_moved
from galopt.networks.build import load_model, targets_of
from galopt.paths import DATASET, PARAMS
from galopt.prediction.builtin import PREFIX, open_builtin
from galopt.prediction.model import MorphologyModel
from galopt.prediction.network_file import has_usage
from galopt.tracking.queries import all_runs, find_run
from galopt.tracking.registry import LOADER
from galopt.tracking.sqlite import store_path, tracking_uri

LOADERS = (LOADER, OLD_LOADER)
"""Modules that MLflow was told to load models of galopt with: now, and before version 0.2."""

logger = logging.getLogger(__name__)


def open_model(reference: str | Path) -> MorphologyModel:
    """Load a model by its URI, its run's id or name, its folder or file.

    The networks are read as data: neither code that was logged beside them nor code inside
    them is executed.

    Parameters
    ----------
    reference : str or path
        ``models:/galopt@champion``, ``models:/galopt/3``, ``runs:/ID``, a run's id, the
        unique start of one, its name, a folder that holds an `MLmodel`, the path of a
        `.keras` file, or a network of the package: ``builtin:modern``.

    Returns
    -------
    MorphologyModel
        Its ``origin`` holds ``model`` (its URI; for an alias, of the version that it means),
        ``run``, ``dataset`` (content hash) and ``survey``.

    Raises
    ------
    GaloptError
        There is none, or it is not a model of galopt.

    Examples
    --------
    >>> import galopt
    >>> model = galopt.open_model(trained.id)
    >>> model.targets
    ['spheroid', 'disk', 'irregular', 'point_source', 'unclassifiable']
    """
    reference = str(reference)
    if reference.startswith(PREFIX):
        return open_builtin(reference)
    if reference.endswith(".keras"):
        model = _from_file(Path(reference))
        model.origin = {"model": reference}
        return model
    store_path(tracking_uri())  # refuses one that MLflow would break on
    uri, meant = _uri(reference)
    try:
        folder = Path(mlflow.artifacts.download_artifacts(uri))
        logged = Model.load(str(folder))
        uri = _version(uri)
    except (MlflowException, OSError) as error:
        reason = error.message if isinstance(error, MlflowException) else error
        raise GaloptError(
            f"{meant}: no model there ({' '.join(str(reason).split())}); train one: "
            "uv run mlflow run . --env-manager local"
        ) from None
    flavour, about = logged.flavors.get("python_function", {}), logged.metadata or {}
    if flavour.get("loader_module") not in LOADERS:
        raise GaloptError(f"{reference}: not a model that galopt logged")
    if flavour["loader_module"] != LOADER:
        say_moved()
    model = MorphologyModel.load(folder / flavour["data"])
    model.origin = {"model": uri, "run": logged.run_id or ""}
    model.origin |= {name: about.get(name, "") for name in ("dataset", "survey")}
    return model


def starting_network(reference: str | None) -> keras.Model | None:
    """Open the network that `train.init_from` names: a file, a run or a registered model.

    Of a model that averages several networks it is the first.

    Raises
    ------
    GaloptError
        There is none, or it is no network of galopt.
    """
    if reference is None:
        return None
    if reference.endswith(".keras"):
        return load_model(Path(reference))
    return open_model(reference).networks[0]


def _uri(reference: str) -> tuple[str, str]:
    """Return the URI that a reference means, and how to call it in a message."""
    if reference.startswith("runs:/") and "/" not in reference.removeprefix("runs:/"):
        return f"{reference}/model", reference
    if reference.startswith(("models:/", "runs:/")):
        return reference, reference
    if (Path(reference) / "MLmodel").is_file():
        return str(Path(reference).resolve()), reference
    run = find_run(reference, all_runs())
    return f"runs:/{run.id}/model", f"run {run.label}, {run.status.lower()}"


def _version(uri: str) -> str:
    """Return the URI of the version that an alias means at the moment."""
    if not (uri.startswith("models:/") and "@" in uri):
        return uri
    name, alias = uri.removeprefix("models:/").split("@", 1)
    return f"models:/{name}/{mlflow.MlflowClient().get_model_version_by_alias(name, alias).version}"


def _from_file(path: Path) -> MorphologyModel:
    if not path.is_file() or has_usage(path):
        return MorphologyModel.load(path)
    # Written before version 0.2: the folder in which it was trained names its targets.
    network = load_model(path)
    info = read_json(DATASET / "dataset.json") if DATASET.is_dir() else {}
    targets, bands = info.get("targets", []), info.get("bands", GREY)
    if len(targets) != targets_of(network):
        raise GaloptError(
            f"{path}: written before version 0.2, and {DATASET}/dataset.json does not name its "
            f"{targets_of(network)} fractions; start in the folder where it was trained, or give "
            "its run's id"
        )
    config = load_config(PARAMS if PARAMS.exists() else None)
    logger.info(f"{path}: written before version 0.2; {DATASET} and {PARAMS} say how it is used")
    stamps = config.stamps.model_copy(update={"detour": True})  # so were all stamps made
    return MorphologyModel([network], targets, config.evaluate, stamps, bands)
