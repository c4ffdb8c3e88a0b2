"""DVC's locks: of a process that works, of one that has died, of one whose number is reused."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
import yaml

from galopt.data import dvc
from galopt.errors import GaloptError
from galopt.paths import DATASET, STAMPS

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Write DVC's file of locks for a process, written so many seconds from now."""
    monkeypatch.chdir(tmp_path)
    dvc.RWLOCK.parent.mkdir(parents=True)

    def write(pid: int, later: float = 0) -> None:
        owner = {"pid": pid, "cmd": "dvc repro rescale"}
        locks = {"write": {"data/dataset": owner}, "read": {"data/stamps": [owner]}}
        dvc.RWLOCK.write_text(json.dumps(locks))
        os.utime(dvc.RWLOCK, (time.time() + later,) * 2)

    return write


@pytest.fixture
def working():
    """Return a process whose command names DVC, as `dvc repro` does."""
    with subprocess.Popen([*SLEEP, "dvc"]) as process:
        yield process
        process.kill()


def test_a_working_process_is_waited_for(held, working):
    held(working.pid)
    assert dvc._blocker() == f"process {working.pid}: dvc repro rescale"
    assert dvc.RWLOCK.exists()


def test_a_dead_process_holds_nothing(held, working):
    working.kill()
    working.wait()
    held(working.pid)
    assert dvc._blocker() is None
    assert not dvc.RWLOCK.exists()


def test_a_later_process_of_the_same_number_holds_nothing(held, working):
    held(working.pid, later=-60)  # written before that process was born
    assert dvc._blocker() is None
    held(os.getpid(), later=-1e6)
    assert dvc._blocker() is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "schema: '2.0'\n<<<<<<< HEAD\nstages: {}\n=======\n>>>>>>> theirs\n", "a: {"],
)
def test_a_lock_file_that_was_cut_or_merged_is_one_line(text, project):
    (project / "dvc.lock").write_text(text)
    with pytest.raises(GaloptError, match=r"dvc\.lock cannot be read.*git checkout HEAD dvc\.lock"):
        dvc.make_dataset()
    assert (project / "dvc.lock").read_text() == text


@pytest.mark.parametrize("text", ["", '{"write": {"data/da', "[]", "{}"])
def test_a_file_of_locks_that_was_cut_off_is_forgotten(text, held):
    dvc.RWLOCK.write_text(text)
    assert dvc._blocker() is None


def test_a_deleted_dataset_comes_back_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stage = {"cmd": "false", "deps": [str(STAMPS)], "outs": [str(DATASET)]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"rescale": stage}}))
    (tmp_path / "params.yaml").write_text("{}")
    for folder in (STAMPS, DATASET):
        folder.mkdir(parents=True)
        (folder / "dataset.json").write_text("as it was")
    for words in (["init", "--no-scm"], ["commit", "-f", "rescale"]):
        subprocess.run([sys.executable, "-m", "dvc", *words, "-q"], check=True)
    shutil.rmtree("data")
    dvc.make_dataset()
    assert (DATASET / "dataset.json").read_text() == "as it was"
