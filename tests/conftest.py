"""What several tests share: real galaxies, a small dataset, a copy of the project."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from galopt import dataset
from galopt.config import Config
from galopt.config.load import build_config, load_config
from galopt.files import write_json
from galopt.survey import make_survey

PROJECT = Path(__file__).parent.parent
SIMULATED = 720
PARTS = ("galopt", "pipelines", "params.yaml", "dvc.yaml", "MLproject", "python_env.yaml")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _mlflow_environment():
    """Undo what MLflow's `set_tracking_uri` leaves in the environment of later processes."""
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    yield
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real galaxies; skips where there is none."""
    folder = Path(os.environ.get("GALOPT_REAL_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real galaxies: set GALOPT_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated survey of 720 galaxies on a few tiles."""
    folder = tmp_path_factory.mktemp("simulated") / "survey"
    make_survey(simulated_config(), folder)
    return folder


def simulated_config() -> Config:
    """Return the configuration of `simulated`."""
    return build_config({"survey": {"simulate": {"galaxies": SIMULATED}}})


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Copy the project to a temporary folder and work there."""
    return copy_project(tmp_path / "project", monkeypatch)


def copy_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy what runs to `folder`, outside git, and make it the working folder."""
    folder.mkdir()
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(folder)
    return folder


def paint(elongation: float, size: float, side: int = 128) -> np.ndarray:
    """Return a smooth galaxy, (side, side) uint8."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    light = np.exp(-np.hypot(x / elongation, y * elongation) / size)
    return np.round(250 * light).astype(np.uint8)


def write_survey(data: Path, galaxies: int) -> None:
    """Write stamps and votes in which elongation decides between spheroid and disk."""
    rng = np.random.default_rng(0)
    (data / "survey").mkdir(parents=True)
    (data / "stamps").mkdir()
    disk = rng.uniform(0, 1, galaxies)
    rows = []
    for number, fraction in enumerate(disk):
        stamp = paint(1 + fraction, rng.uniform(6, 12))
        stamp = np.rot90(stamp, rng.integers(4))
        Image.fromarray(stamp).save(data / "stamps" / f"g{number}.jpg", quality=95)
        rows.append({"id": f"g{number}", "n_votes": 4, "spheroid": 1 - fraction, "disk": fraction})
    pd.DataFrame(rows).to_csv(data / "survey" / "votes.csv", index=False)
    stamps = pd.DataFrame({"id": [row["id"] for row in rows]})
    stamps["file"] = "stamps/" + stamps["id"] + ".jpg"
    stamps.to_csv(data / "stamps.csv", index=False)
    survey = {"source": "folder", "name": "blobs", "targets": ["spheroid", "disk"]}
    write_json(data / "survey" / "survey.json", survey)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory) -> dataset.Dataset:
    """Return a dataset of 200 smooth galaxies that a network learns in seconds."""
    data = tmp_path_factory.mktemp("blobs")
    write_survey(data, 200)
    return dataset.build(load_config(PROJECT / "params.yaml"), data, data / "dataset")
