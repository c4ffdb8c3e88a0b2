"""Workers fetch the dataset that an experiment is of: by its hash, from a DVC remote, once."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from galopt.data.dataset import load
from galopt.data.dvc import fetch_dataset
from galopt.errors import DataError, GaloptError
from galopt.experiments.worker import dataset_of
from galopt.files import read_json, write_json

FOLDER = "data/dataset"
STAGE = {"stages": {"rescale": {"cmd": "false", "outs": [FOLDER]}}}
FETCH = """
import sys
from galopt.experiments.worker import dataset_of
print(len(dataset_of("data/dataset", sys.argv[1]).catalog))
"""


def dvc(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words, "-q"], check=True)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory, blobs):
    """Push a dataset to a remote, as its maker does; return the folder, which is without it."""
    with contextlib.chdir(tmp_path_factory.mktemp("maker")):
        Path("dvc.yaml").write_text(yaml.safe_dump(STAGE))
        dvc("init", "--no-scm")
        shutil.copytree(blobs.folder, FOLDER)
        dvc("commit", "-f", "rescale")
        dvc("remote", "add", "-d", "shared", "remote")
        dvc("push")
        shutil.rmtree(".dvc/cache")
        shutil.rmtree(FOLDER)
        return Path.cwd()


@pytest.fixture
def wanted(pushed, tmp_path, monkeypatch, blobs):
    """Return the hash of a dataset that the working folder lacks and its remote has."""
    shutil.copytree(pushed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    dataset_of.cache_clear()
    yield blobs.info["hash"]
    dataset_of.cache_clear()


def test_two_workers_fetch_it_once_and_every_trial_finds_it(wanted, monkeypatch):
    words = [sys.executable, "-c", FETCH, wanted]
    workers = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [worker.communicate()[0].strip() for worker in workers] == ["200", "200"]
    monkeypatch.setattr(
        "galopt.experiments.worker.fetch_dataset", lambda: pytest.fail("fetched again")
    )
    first = dataset_of(FOLDER, wanted)
    assert first.info["hash"] == wanted
    assert dataset_of(FOLDER, wanted) is first


def test_a_trial_opens_the_files_of_its_process_once(wanted, monkeypatch):
    fetched = []

    def fetch() -> None:
        fetched.append(FOLDER)
        dvc("pull", "rescale")

    monkeypatch.setattr("galopt.experiments.worker.fetch_dataset", fetch)
    for _ in range(3):
        dataset_of(FOLDER, wanted)
    assert fetched == [FOLDER]


def test_another_dataset_is_refused(wanted):
    with pytest.raises(DataError, match=f"{FOLDER} is dataset {wanted}, this is of other"):
        dataset_of(FOLDER, "other")


def test_a_dataset_that_no_remote_has_is_one_line(wanted, tmp_path):
    shutil.rmtree(tmp_path / "remote")
    with pytest.raises(GaloptError, match="could not be pulled"):
        dataset_of(FOLDER, wanted)


def test_a_dataset_of_another_hash_is_refused(wanted):
    fetch_dataset()
    info = read_json(f"{FOLDER}/dataset.json")
    write_json(f"{FOLDER}/dataset.json", info | {"hash": "stale"})
    with pytest.raises(GaloptError, match="could not be pulled"):  # DVC keeps what it does not know
        dataset_of(FOLDER, wanted)
    with pytest.raises(GaloptError, match="dataset.json is not what was built"):
        load(FOLDER)
