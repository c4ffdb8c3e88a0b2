"""What several tests share: real galaxies, a small dataset, a copy of the project."""

import gc
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from helpers.galaxies import simulated_config, write_survey
from helpers.project import PROJECT, copy_project

from galopt.compute import parallel
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.data.rescale import build_dataset
from galopt.data.survey import make_survey

os.chdir(PROJECT)  # wherever pytest was called
parallel.cores = lambda: 1  # the other cores have tests of their own to run

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what the files import: it stays to the end."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _mlflow_store():
    """Forget the store that a file's tests chose: the next file's fixtures must not log there."""
    with _mlflow_environment():
        yield
        if mlflow := sys.modules.get("mlflow"):
            mlflow.set_tracking_uri(None)


@pytest.fixture(autouse=True, scope="module")
def _keras_session():
    """Let go of what TensorFlow traced in a file's tests: a process has some fifty files."""
    yield
    if keras := sys.modules.get("keras"):
        keras.utils.clear_session()
        gc.freeze()  # what is left stays: the next file's collections need not look at it


@pytest.fixture(autouse=True)
def _mlflow_environment_of_a_test():
    """Undo what MLflow's `set_tracking_uri` leaves in the environment of later processes."""
    with _mlflow_environment():
        yield


@contextmanager
def _mlflow_environment():
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
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with FileLock(shared / "simulated.lock"):  # painted by the first process that needs it
        folder = shared / "simulated"
        if not folder.exists():
            make_survey(simulated_config(), folder)
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Copy the project to a temporary folder and work there."""
    return copy_project(tmp_path / "project", monkeypatch)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory) -> dataset.Dataset:
    """Return a dataset of 200 smooth galaxies that a network learns in seconds."""
    data = tmp_path_factory.mktemp("blobs")
    write_survey(data, 200)
    return build_dataset(load_config(PROJECT / "params.yaml"), data, data / "dataset")


@pytest.fixture(scope="session")
def classed(tmp_path_factory) -> dataset.Dataset:
    """Return the same galaxies, each a spheroid or, more rarely, a disk."""
    data = tmp_path_factory.mktemp("classed")
    write_survey(data, 200)
    file = data / "survey" / "votes.csv"
    votes = pd.read_csv(file).drop(columns="n_votes")
    disk = (votes["disk"] > 0.7).astype(float)
    votes.assign(disk=disk, spheroid=1 - disk).to_csv(file, index=False)
    return build_dataset(load_config(PROJECT / "params.yaml"), data, data / "dataset")
