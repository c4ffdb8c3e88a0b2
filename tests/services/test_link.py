"""A study whose workers, on hosts of their own, are cut off from it for a minute."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.driver_process import Process
from helpers.network import ADDRESS, HOSTS, network  # noqa: F401
from helpers.postgres_server import free_port, serving
from helpers.tracked import figures, statuses
from optuna.trial import TrialState

from galopt.config import Search
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import load_study

pytestmark = pytest.mark.service

DASK = str(Path(sys.executable).parent / "dask")
CUT = 60
AGAIN = 'while :; do "$@"; sleep 1; done'
"""What a restart policy does: a worker that was cut off for too long ends."""


@contextmanager
def processes(folder: Path):
    """Yield a function that starts processes; they are killed when the block ends."""
    started = []

    def start(name: str, *words: str, **environment: str) -> None:
        with (folder / f"{name}.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    words,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env=os.environ | environment,
                )
            )

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(("ttl", "lost"), [("5 minutes", 0), ("20s", 1)])
def test_a_link_cut_for_a_minute_loses_no_finished_trial(tmp_path, blobs, network, ttl, lost):  # noqa: F811
    settings = {
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "180s",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": ttl,
    }
    port = str(free_port(ADDRESS))
    address = f"tcp://{ADDRESS}:{port}"
    with serving(ADDRESS) as database, processes(tmp_path) as start:
        there = ("--host", ADDRESS, "--port", port, "--no-dashboard")
        start("scheduler", DASK, "scheduler", *there, **settings)
        for host in HOSTS:
            words = [DASK, "worker", address, "--nthreads", "1"]
            words += ["--resources", "slot=1", "--no-dashboard"]
            shell = network.inside(host, "sh", "-c", AGAIN, "worker", *words)
            start(f"worker{host}", *shell, **settings, CUDA_VISIBLE_DEVICES=str(host))
        environment = {"CLUSTER": address, "DATASET": str(blobs.folder)}
        with Process(database.url, 12, 12, folder=tmp_path, **environment) as driver:
            driver.until("started", 2)
            time.sleep(4)
            with network.cut(1):
                time.sleep(CUT)
            restored = time.time()
            assert driver.end() == 0, "\n".join(driver.lines[-9:])
            assert driver.lines[-1] == "finished"
        trials = load_study(Search(study="noise"), open_storage(database.url)).trials
    states = Counter(trial.state for trial in trials)
    assert states == Counter({TrialState.COMPLETE: 12, TrialState.FAIL: lost}), driver.lines
    later = [trial for trial in trials if trial.datetime_start.timestamp() > restored]
    assert {trial.user_attrs["CUDA_VISIBLE_DEVICES"] for trial in later} == {"1", "2"}
    assert statuses(tmp_path) == Counter({"FINISHED": 1 + 12, "FAILED": lost})
    assert {"history", "timeline"} <= figures(tmp_path)
