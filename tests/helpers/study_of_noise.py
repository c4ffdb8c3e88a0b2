"""A study without networks, in a process of its own: what the tests of the driver kill.

python study_of_noise.py DATABASE TRIALS SECONDS [WORKERS]

The environment says more: CLUSTER is `search.cluster`; with DATASET, the folder of a dataset,
the study is a tracked search of it; PATIENCE is how long a database may be away, in seconds; the
trial number BROKEN cannot have its data.
"""

import os
import sys
import time

from galopt.compute import retry
from galopt.config.load import build_config
from galopt.errors import DataError, command_line
from galopt.experiments.search.run_study import drive, locked_study
from galopt.experiments.search.space import Space

SPACE = {"train.learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}}


class Sleep:
    """Sleeps through four epochs and says where; quick trials end at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, report, values):
        """Return the learning rate."""
        if report.task.number == int(os.environ.get("BROKEN", "-1")):
            raise DataError("the dataset is gone")
        for epoch in range(4 if self.seconds else 0):
            time.sleep(self.seconds / 4)
            report.epoch(epoch, values["train.learning_rate"])
            report._trial.set_user_attr("pid", os.getpid())
            for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
                report._trial.set_user_attr(name, os.environ.get(name))
        return [values["train.learning_rate"]]


class Printer:
    """Prints what happens to trials, and tells another listener if there is one."""

    def __init__(self, listener=None) -> None:
        self.listener = listener

    def waiting(self):
        """Tell the other listener."""
        if self.listener:
            self.listener.waiting()

    def started(self, trial):
        """Say that a trial starts."""
        if self.listener:
            self.listener.started(trial)
        print("started", trial.number, flush=True)

    def ended(self, trial, done):
        """Say how a trial ended."""
        if self.listener:
            self.listener.ended(trial, done)
        print("ended", trial.number, trial.state.name, done, flush=True)

    def lost(self, trial):
        """Say which trial was lost."""
        if self.listener:
            self.listener.lost(trial)
        print("lost", trial.number, flush=True)


def settings(database: str, trials: int, workers: int = 2) -> dict:
    """Return the `search` section."""
    storage = database if "://" in database else f"sqlite:///{database}"
    return {
        "trials": trials,
        "workers": workers,
        "storage": storage,
        "study": "noise",
        "cluster": os.environ.get("CLUSTER", "local"),
        "sampler": {"kind": "random"},
        "pruner": {"kind": "none"},
        "space": SPACE,
    }


def track(config, folder: str, objective: Sleep) -> bool:
    """Run the study as the search of a dataset does, with this objective."""
    from galopt.data.dataset import load
    from galopt.experiments.search import tracked_search

    trials = tracked_search.TrackedTrials
    tracked_search.TrainingObjective = lambda *_: objective
    tracked_search.TrackedTrials = lambda *arguments: Printer(trials(*arguments))
    return tracked_search.search(config, load(folder))


def run(config, objective: Sleep) -> bool:
    """Run the study, told to nobody but the terminal."""
    with locked_study(config.search, {"dataset": "none"}) as (study, lock):
        return drive(study, lock, Space(config), objective, Printer())


def main(database: str, trials: str, seconds: str, workers: str = "2") -> None:
    """Run the study."""
    retry.SECONDS = float(os.environ.get("PATIENCE", retry.SECONDS))
    with command_line():
        config = build_config({"search": settings(database, int(trials), int(workers))})
        objective, folder = Sleep(float(seconds)), os.environ.get("DATASET")
        finished = track(config, folder, objective) if folder else run(config, objective)
        print("finished" if finished else "interrupted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
