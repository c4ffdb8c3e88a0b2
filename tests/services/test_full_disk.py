"""A study on a disk that fills: one clear line, and resumed once there is space again."""

import contextlib
import os
import subprocess
from collections import Counter

import pytest
from helpers.driver_process import Process, study_of
from helpers.tracked import figures, statuses
from optuna.trial import TrialState

pytestmark = pytest.mark.service


@pytest.fixture
def disk(tmp_path):
    """Return a disk of 40 MB."""
    if os.geteuid():
        pytest.skip("mounting a disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "galopt", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # our MLflow has files open


def fill(path) -> None:
    """Take all space that is left."""
    with path.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))


def test_a_full_disk_is_one_clear_line_and_loses_no_trial(disk, blobs):
    environment = {"DATASET": str(blobs.folder)}
    with Process("study.db", 6, 1, folder=disk, **environment) as driver:
        driver.until("ended", 2)
        fill(disk / "ballast")
        assert driver.end() == 2, driver.lines
        assert "the disk is full" in driver.lines[-1]
        assert not [line for line in driver.lines if line.startswith("Traceback")]
    (disk / "ballast").unlink()
    finished = {t.number: t.value for t in study_of(disk / "study.db").trials if t.value}
    assert len(finished) >= 2
    with Process("study.db", 6, 0.2, folder=disk, **environment) as driver:
        assert driver.end() == 0, driver.lines
    trials = study_of(disk / "study.db").trials
    assert finished.items() <= {t.number: t.value for t in trials if t.value}.items()
    states = Counter(trial.state for trial in trials)
    lost = states.pop(TrialState.FAIL)  # those that ran when the disk was full
    assert lost in (1, 2)
    assert states == {TrialState.COMPLETE: 6}
    assert statuses(disk)["RUNNING"] == 0
    assert {"history", "timeline"} <= figures(disk)
