"""A study on a real SLURM of two pretend GPUs: a worker killed, a job cancelled, exact counts."""

import os
import signal
from collections import Counter

import pytest
import yaml
from helpers.driver_process import Process, running_trial, study_of
from helpers.slurm import slurm  # noqa: F401
from helpers.tracked import figures, statuses
from optuna.trial import TrialState

pytestmark = pytest.mark.service

CLUSTER = {
    "kind": "slurm",
    "queue": "gpu",
    "cores": 1,
    "memory": "1GB",
    "walltime": "00:10:00",
    "interface": "lo",
    "job_extra_directives": ["--gres=gpu:1"],
}


def test_a_killed_worker_and_a_cancelled_job_cost_one_trial_each(tmp_path, blobs, slurm):  # noqa: F811
    (tmp_path / "slurm.yaml").write_text(yaml.safe_dump(CLUSTER))
    database = tmp_path / "study.db"
    environment = {"CLUSTER": "slurm.yaml", "DATASET": str(blobs.folder)}
    environment["SLURM_CONF"] = str(slurm.file)
    with Process(database, 12, 3, folder=tmp_path, **environment) as driver:
        driver.until("started", 2)
        os.kill(running_trial(database).user_attrs["pid"], signal.SIGKILL)
        driver.until("ended")
        slurm.run("scancel", running_trial(database).user_attrs["SLURM_JOB_ID"])
        assert driver.end() == 0, driver.lines
        assert driver.lines[-1] == "finished"
    trials = study_of(database).trials
    states = Counter(trial.state for trial in trials)
    assert states == {TrialState.COMPLETE: 12, TrialState.FAIL: 2}
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    assert {trial.user_attrs["CUDA_VISIBLE_DEVICES"] for trial in complete} == {"0", "1"}
    assert len({trial.user_attrs["SLURM_JOB_ID"] for trial in trials}) == 3  # one was replaced
    assert statuses(tmp_path) == {"FINISHED": 1 + 12, "FAILED": 2}
    assert {"history", "timeline"} <= figures(tmp_path)
