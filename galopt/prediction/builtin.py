"""The networks that come with galopt, for a first prediction where nothing was trained.

`python -m pipelines.builtin RUN` puts the model of a run into the package, with its card.
"""

from importlib.resources import files
from pathlib import Path

from galopt.errors import GaloptError
from galopt.files import read_json, write_json
from galopt.prediction.model import MorphologyModel

PREFIX = "builtin:"
FOLDER = Path(str(files("galopt.prediction") / "networks"))
"""`NAME.keras`, the facts of its training in `NAME.json`, and its card in `NAME.md`."""


def open_builtin(reference: str) -> MorphologyModel:
    """Open a network of the package.

    Parameters
    ----------
    reference : str
        ``builtin:modern``.

    Returns
    -------
    MorphologyModel
        Its ``origin`` holds ``model``, ``dataset`` (content hash), ``survey``, and ``about``:
        what it was trained on and how good it is there, in one sentence.

    Raises
    ------
    GaloptError
        The package has no network of this name.
    """
    name = reference.removeprefix(PREFIX)
    path = FOLDER / f"{name}.keras"
    if not path.exists():
        known = ", ".join(f"{PREFIX}{file.stem}" for file in sorted(FOLDER.glob("*.keras")))
        raise GaloptError(
            f"{reference}: no such network in the package; there is {known or 'none'}"
        )
    model = MorphologyModel.load(path)
    facts = read_json(path.with_suffix(".json"))
    model.origin = {
        "model": reference,
        "dataset": facts["dataset"],
        "survey": facts["survey"],
        "about": (
            f"trained on {facts['survey']}, where its RMSE is {facts['test_rmse']:.3f} "
            f"(vote-noise floor {facts['test_rmse_floor']:.3f}, constant "
            f"{facts['test_rmse_constant']:.3f}); on other images nobody has measured it"
        ),
    }
    return model


def keep(model: MorphologyModel, name: str, facts: dict[str, str | float], card: str) -> Path:
    """Put a model into the package, in place of one of the same name.

    Parameters
    ----------
    model : MorphologyModel
        Of one network.
    name : str
    facts : dict
        ``survey``, ``dataset``, ``test_rmse``, ``test_rmse_floor``, ``test_rmse_constant``,
        ``command``.
    card : str
        Markdown.

    Returns
    -------
    path
        The network's file.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.keras"
    model.save(path)
    write_json(path.with_suffix(".json"), facts)
    path.with_suffix(".md").write_text(card, encoding="utf-8")
    return path
