"""The driver under fire: real processes killed, real SQLite, exact counts."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from driver_process import PATIENCE, Process
from optuna.trial import TrialState


@pytest.fixture
def database(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def start(database):
    """Start drivers on the database; what still runs at the end is killed."""
    started = []

    def begin(trials: int, seconds: float) -> Process:
        started.append(Process(database, trials, seconds))
        return started[-1]

    yield begin
    for process in started:
        if process.process.poll() is None:
            process.signal(signal.SIGKILL)
        process.process.wait()
        process.process.stdout.close()


def trials(database: Path) -> list:
    return optuna.load_study(study_name="noise", storage=f"sqlite:///{database}").trials


def states(database: Path) -> Counter:
    return Counter(trial.state for trial in trials(database))


def worker_of_a_running_trial(database: Path) -> int:
    """Return the process that runs a trial."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for trial in trials(database):
            if trial.state == TrialState.RUNNING and "pid" in trial.user_attrs:
                return trial.user_attrs["pid"]
        time.sleep(0.1)
    raise AssertionError("no trial is running")


def test_a_killed_worker_costs_one_trial_which_is_tried_again(database, start):
    driver = start(6, 1.5)
    driver.until("started")
    os.kill(worker_of_a_running_trial(database), signal.SIGKILL)
    second = start(6, 1.5)
    assert second.end() == 2
    assert "is being searched by another process" in second.lines[-1]
    assert len(second.lines) == 1
    assert driver.end() == 0
    assert states(database) == {TrialState.COMPLETE: 6, TrialState.FAIL: 1}
    failed = [trial for trial in trials(database) if trial.state == TrialState.FAIL]
    assert failed[0].user_attrs["reason"].startswith("its worker was lost")
    values = [trial.value for trial in trials(database) if trial.state == TrialState.COMPLETE]
    assert failed[0].params["train.learning_rate"] in values


def test_a_killed_driver_resumes_where_it_was(database, start):
    driver = start(5, 1)
    driver.until("ended", 2)
    driver.signal(signal.SIGKILL)
    driver.end()
    finished = {trial.number: trial.value for trial in trials(database) if trial.value}
    resumed = start(5, 0.2)
    assert resumed.end() == 0
    lost = sum(line.startswith("lost") for line in resumed.lines)
    assert lost in (1, 2)
    after = {trial.number: trial.value for trial in trials(database) if trial.value}
    assert len(after) == 5
    assert finished.items() <= after.items()
    assert states(database)[TrialState.FAIL] == lost
    assert not states(database)[TrialState.RUNNING]
    again = start(5, 1)
    assert again.end() == 0
    assert again.lines == ["finished"]


def test_one_interrupt_finishes_the_running_trials_and_two_stop_at_once(database, start):
    driver = start(6, 1.5)
    driver.until("started", 2)
    driver.signal(signal.SIGINT)
    assert driver.end() == 0
    assert driver.lines[-1] == "interrupted"
    assert states(database) == {TrialState.COMPLETE: 2}

    driver = start(6, 60)
    driver.until("started", 2)
    driver.signal(signal.SIGINT)
    driver.until("Finishing")
    driver.signal(signal.SIGINT)
    assert driver.end() == 0
    assert states(database) == {TrialState.COMPLETE: 2, TrialState.FAIL: 2}

    driver = start(6, 0)
    assert driver.end() == 0
    assert states(database) == {TrialState.COMPLETE: 6, TrialState.FAIL: 2}
