"""A dataset for a script or a notebook: opened where it is, made where it is not."""

from pathlib import Path

from galopt.config import Config
from galopt.data.dataset import Dataset, load
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey


def load_dataset(folder: Path | str, config: Config | None = None) -> Dataset:
    """Open a dataset; with a configuration, make it first where there is none.

    In a project DVC makes the dataset (`uv run dvc repro rescale`) and this opens it. Elsewhere
    the same stages run here: survey, stamps, rescale. Their files lie beside the dataset.

    Parameters
    ----------
    folder : path
        The dataset, such as ``data/dataset``; its parent receives ``survey/`` and ``stamps/``.
    config : Config, optional
        Sections `survey`, `stamps`, `rescale` and `work` say what to make.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        There is no dataset and no configuration, or its parts do not fit together.
    ConfigError
        The survey's source cannot be used.

    Examples
    --------
    >>> import galopt
    >>> words = "survey.simulate.galaxies=60 rescale.test=0.2"
    >>> dataset = galopt.load_dataset("data/dataset", galopt.load_config(overrides=words))
    >>> dataset.catalog.shape[0]
    60
    """
    folder = Path(folder)
    if config is None or (folder / "dataset.json").exists():
        return load(folder)
    if not (folder.parent / "survey").exists():
        make_survey(config, folder.parent / "survey")
    make_stamps(config, folder.parent / "survey", folder.parent)
    return build_dataset(config, folder.parent, folder)
