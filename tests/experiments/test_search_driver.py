"""The driver under fire: real processes killed, real SQLite, exact counts."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from helpers.driver_process import Process, running_trial, study_of
from helpers.tracked import figures, statuses
from optuna.trial import TrialState


@pytest.fixture
def start(tmp_path, blobs):
    """Start drivers of the same study; what still runs at the end is killed."""
    started = []

    def begin(trials: int, seconds: float, tracked: bool = False, **environment: str) -> Process:
        if tracked:
            environment["DATASET"] = str(blobs.folder)
        started.append(Process("study.db", trials, seconds, folder=tmp_path, **environment))
        return started[-1]

    yield begin
    for process in started:
        process.__exit__()


@pytest.fixture
def database(tmp_path):
    return tmp_path / "study.db"


def states(database: Path) -> Counter:
    return Counter(trial.state for trial in study_of(database).trials)


@pytest.mark.long
def test_a_killed_worker_costs_one_trial_which_is_tried_again(database, start):
    driver = start(6, 4, tracked=True)
    driver.until("started")
    os.kill(running_trial(database).user_attrs["pid"], signal.SIGKILL)
    second = start(6, 4, tracked=True)
    assert second.end() == 2
    assert "is being searched by another process" in second.lines[-1]
    assert len(second.lines) == 1
    assert driver.end() == 0
    assert states(database) == {TrialState.COMPLETE: 6, TrialState.FAIL: 1}
    trials = study_of(database).trials
    (failed,) = (trial for trial in trials if trial.state == TrialState.FAIL)
    assert failed.user_attrs["reason"].startswith("its worker was lost")
    values = [trial.value for trial in trials if trial.state == TrialState.COMPLETE]
    assert failed.params["train.learning_rate"] in values
    assert statuses(database.parent) == {"FINISHED": 1 + 6, "FAILED": 1}
    assert {"history", "intermediate", "slices", "timeline"} <= figures(database.parent)


@pytest.mark.long
def test_a_killed_driver_resumes_where_it_was(database, start):
    driver = start(5, 1, tracked=True)
    driver.until("started", 3)  # so one has ended, and one runs that has just begun
    driver.signal(signal.SIGKILL)
    driver.end()
    begun = statuses(database.parent)["RUNNING"] - 1  # a kill may come before a trial has a run
    finished = {trial.number: trial.value for trial in study_of(database).trials if trial.value}
    resumed = start(5, 0.2, tracked=True)
    assert resumed.end() == 0
    lost = sum(line.startswith("lost") for line in resumed.lines)
    assert lost in (1, 2)
    after = {trial.number: trial.value for trial in study_of(database).trials if trial.value}
    assert len(after) == 5
    assert finished.items() <= after.items()
    assert states(database)[TrialState.FAIL] == lost
    assert not states(database)[TrialState.RUNNING]
    assert 0 <= begun <= lost
    assert statuses(database.parent) == Counter(FINISHED=1 + 5, KILLED=begun)
    assert {"history", "intermediate", "slices", "timeline"} <= figures(database.parent)


@pytest.mark.long
def test_what_a_person_must_mend_ends_the_study_with_one_line_and_it_resumes(database, start):
    driver = start(4, 1.5, BROKEN="0")
    assert driver.end() == 2
    assert driver.lines[-1] == "galopt: trial 0: the dataset is gone"
    ended = states(database)
    assert ended.pop(TrialState.COMPLETE, 1) == 1  # what ran beside it, if anything did
    assert ended == {TrialState.FAIL: 1}
    assert start(4, 0).end() == 0
    assert states(database) == {TrialState.COMPLETE: 4, TrialState.FAIL: 1}


def test_a_study_at_its_end_starts_nothing(database, start):
    for lines in (["started", "started", "ended", "ended", "finished"], ["finished"]):
        driver = start(2, 0)
        assert driver.end() == 0
        assert sorted(line.split()[0] for line in driver.lines) == sorted(lines)


@pytest.mark.long
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
