"""Trials an hour of one worker and of two, each pinned to a core of its own.

Every trial trains the paper's network for as many epochs as the command line says, with another
seed. One worker and two take turns, so that a noisy machine treats both alike; what a worker's
first trial spends on imports does not count.

    uv run python -m benchmarks.search_workers EPOCHS TRIALS ROUNDS
    uv run python -m benchmarks.search_workers 1 5 2
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from optuna.trial import FrozenTrial

from galopt.config import Config
from galopt.config.load import build_config
from galopt.data import dataset
from galopt.experiments.search.objective import TrainingObjective
from galopt.experiments.search.run_study import drive, locked_study
from galopt.experiments.search.space import Space
from galopt.experiments.search.tracked_search import TrackedTrials, made_for
from galopt.tracking.search_runs import start_search, store_uri

SPACE = {"train.seed": {"kind": "int", "low": 0, "high": 10_000}}


class Clock(TrackedTrials):
    """Tracks the trials and keeps when each ended."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ends: list[float] = []

    def ended(self, trial: FrozenTrial, done: int) -> None:
        """Track a trial and look at the clock."""
        super().ended(trial, done)
        self.ends.append(time.perf_counter())


def main() -> None:
    """Measure and print one row a number of workers."""
    epochs, trials, rounds = map(int, sys.argv[1:])
    data = dataset.load(Path(os.environ.get("DATASET", "data/dataset")).resolve())
    cores = sorted(os.sched_getaffinity(0))
    rates: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number in range(rounds):
            for workers, found in rates.items():
                os.sched_setaffinity(0, cores[:workers])
                config = _config(f"{workers}-{number}", epochs, (trials + 1) * workers, workers)
                found.append(_rate(config, data))
        os.chdir("/")
    print(f"{'workers':>7}{'trials/hour':>14}{'ratio':>8}")
    for workers, found in rates.items():
        print(f"{workers:>7}{median(found):14.0f}{median(found) / median(rates[1]):8.2f}")


def _config(study: str, epochs: int, trials: int, workers: int) -> Config:
    search = {
        "study": study,
        "epochs": epochs,
        "trials": trials,
        "workers": workers,
        "space": SPACE,
        "sampler": {"kind": "random"},
        "pruner": {"kind": "none"},
    }
    return build_config({"search": search, "train": {"epochs": epochs}})


def _rate(config: Config, data: dataset.Dataset) -> float:
    """Return the trials an hour after the first trial of each worker."""
    space = Space(config)
    with (
        locked_study(config.search, made_for(space, data)) as (study, lock),
        start_search(config, data, None) as run_id,
    ):
        clock = Clock(study, run_id, config)
        objective = TrainingObjective(
            space.config, str(data.folder), data.info["hash"], store_uri()
        )
        drive(study, lock, space, objective, clock)
    warm = config.search.workers
    return 3600 * (len(clock.ends) - warm) / (clock.ends[-1] - clock.ends[warm - 1])


if __name__ == "__main__":
    main()
