"""A study and a survey on a real SLURM: a worker killed, a job cancelled, exact counts."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml
from helpers.driver_process import Process, running_trial, study_of
from helpers.model import network
from helpers.slurm import slurm  # noqa: F401
from helpers.survey_parts import check_whole, parts_in, wait_for_parts, write_survey_images
from helpers.tracked import figures, statuses
from optuna.trial import TrialState

from galopt.config import Evaluate, Stamps
from galopt.prediction.model import MorphologyModel

pytestmark = pytest.mark.service

SMALL_PARTS = Path(__file__).parents[1] / "helpers" / "small_parts.py"
NO_LIMIT = ["--memory-limit", "0"]
"""TensorFlow takes most of the gigabyte that a job asks for, of the node's two."""

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


def test_a_survey_survives_a_cancelled_job_and_a_killed_worker(tmp_path, slurm):  # noqa: F811
    good, out = write_survey_images(tmp_path / "images", 1300), tmp_path / "out"
    model = MorphologyModel([network()], ["spheroid", "disk"], Evaluate(), Stamps())
    model.save(tmp_path / "model.keras")
    described = CLUSTER | {"job_extra_directives": [], "worker_extra_args": NO_LIMIT}
    (tmp_path / "slurm.yaml").write_text(yaml.safe_dump(described))
    words = [sys.executable, str(SMALL_PARTS), "predict", "images", "--model", "model.keras"]
    words += ["--out", "out/", "--cluster", "slurm.yaml", "--workers", "2"]
    environment = {"SLURM_CONF": str(slurm.file), "PYTHONPATH": os.pathsep.join(sys.path)}
    with (tmp_path / "log.txt").open("w") as log:
        driver = subprocess.Popen(
            words, cwd=tmp_path, env=os.environ | environment, stdout=log, stderr=log
        )
    wait_for_parts(out, 1)
    slurm.run("scancel", slurm.jobs()[0])
    wait_for_parts(out, len(parts_in(out)) + 2)
    a_job_s_worker(slurm.jobs()).kill()
    assert driver.wait() == 1, (tmp_path / "log.txt").read_text()  # some images are damaged
    check_whole(out, good, 1300)


def a_job_s_worker(jobs: list[str]) -> psutil.Process:
    """Return the process of one of some jobs that predicts."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = " ".join(process.cmdline())
            if process.environ().get("SLURM_JOB_ID") in jobs and "distributed" in words:
                return process
    raise AssertionError(f"no worker of jobs {jobs}")
