"""A study without networks, in a process of its own: what the tests of the driver kill.

python study_of_noise.py DATABASE TRIALS SECONDS [WORKERS]
"""

import os
import sys
import time

from galopt import params
from galopt.errors import exit_on_error
from galopt.search.drive import drive, locked_study
from galopt.search.space import Space

SPACE = {"train.learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}}


class Sleep:
    """Sleeps through four epochs and says on which process; quick trials end at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, report, values):
        """Return the learning rate."""
        for epoch in range(4 if self.seconds else 0):
            time.sleep(self.seconds / 4)
            report.epoch(epoch, values["train.learning_rate"])
            report._trial.set_user_attr("pid", os.getpid())
        return [values["train.learning_rate"]]


class Printer:
    """Prints what happens to trials."""

    def started(self, trial):
        """Say that a trial starts."""
        print("started", trial.number, flush=True)

    def ended(self, trial, done):
        """Say how a trial ended."""
        print("ended", trial.number, trial.state.name, done, flush=True)

    def lost(self, trial):
        """Say which trial was lost."""
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


def main(database: str, trials: str, seconds: str, workers: str = "2") -> None:
    """Run the study."""
    with exit_on_error():
        config = params.build({"search": settings(database, int(trials), int(workers))})
        with locked_study(config.search, {"dataset": "none"}) as (study, lock):
            finished = drive(study, lock, Space(config), Sleep(float(seconds)), Printer())
            print("finished" if finished else "interrupted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
