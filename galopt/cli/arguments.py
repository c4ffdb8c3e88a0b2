"""The arguments that several commands share, and the network that they mean."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from galopt.errors import GaloptError
from galopt.files import read_json
from galopt.paths import DATASET, STORE

if TYPE_CHECKING:
    from galopt.prediction.model import MorphologyModel

CHAMPION, BUILTIN = "champion", "builtin:modern"

Images = Annotated[
    list[str] | None,
    typer.Argument(help="images, folders of images, patterns such as 'a/*.fits'"),
]
Catalog = Annotated[
    Path | None, typer.Option(help="positions instead of images: id, ra, dec in degrees")
]
Mosaic = Annotated[
    list[Path] | None, typer.Option(help="FITS image around the positions; may be repeated")
]
Reference = Annotated[
    str,
    typer.Option(
        "--model",
        help="champion (the best network of the dataset here; where nothing was trained the "
        "network that comes with galopt, builtin:modern), a registered model, a run, a "
        "logged model's folder, a .keras file",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace what exists")]


def check_reference(reference: str) -> None:
    """Refuse a file that is not there and a run that nobody tracked, before Keras is loaded.

    Raises
    ------
    GaloptError
        The message says what there is.
    """
    if reference.endswith(".keras"):
        if not Path(reference).is_file():
            raise GaloptError(f"{reference}: no such file")
        return
    if reference == CHAMPION or ":" in reference or Path(reference, "MLmodel").is_file():
        return
    from galopt.tracking.queries import all_runs, find_run
    from galopt.tracking.sqlite import store_path, tracking_uri

    if store_path(tracking_uri()):  # a server is asked once, when the model is opened
        find_run(reference, all_runs())


def open_network(reference: str) -> "MorphologyModel":
    """Open the model that is asked for; MLflow is loaded only if it is needed.

    Raises
    ------
    GaloptError
        There is none, or it is not a model of galopt.
    """
    check_reference(reference)
    from galopt.compute.keras_startup import start_keras

    start_keras()
    from galopt.prediction.builtin import PREFIX, open_builtin

    about = DATASET / "dataset.json"
    untrained = not (about.exists() or STORE.exists() or "MLFLOW_TRACKING_URI" in os.environ)
    if reference == CHAMPION and untrained:
        reference = BUILTIN
    if reference.startswith(PREFIX):
        return open_builtin(reference)
    from galopt.tracking.models import open_model  # here: loads MLflow
    from galopt.tracking.registry import champion_of

    if reference == CHAMPION:
        reference = champion_of(read_json(about)["hash"] if about.exists() else None)
    return open_model(reference)
