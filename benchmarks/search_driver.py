"""What the driver of a search costs: its time for a trial that takes none, and its memory.

The study is tracked and sampled as `params.yaml` says, on two workers, in a temporary folder.
A trial of a minute may cost the driver 1.2 s (2 %), and memory must not grow with trials.

    uv run python -m benchmarks.search_driver 200
    uv run python -m benchmarks.search_driver 1000 search.sampler.kind=random
"""

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from optuna.trial import FrozenTrial

from galopt.config.load import load_config, parse_overrides
from galopt.data import dataset
from galopt.experiments.search.run_study import drive, locked_study
from galopt.experiments.search.space import Space
from galopt.experiments.search.tracked_search import TrackedTrials, made_for
from galopt.experiments.search.trial import TrialHandle
from galopt.tracking.search_runs import start_search

ROWS = 100


class Nothing:
    """Returns a value that the sampler can learn from, at once."""

    def __call__(self, report: TrialHandle, values: dict[str, Any]) -> list[float]:
        """Return the distance of the learning rate from 0.001."""
        return [abs(values["train.learning_rate"] - 0.001)]


class Meter(TrackedTrials):
    """Tracks the trials and prints a row for every hundred."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.process = psutil.Process()
        self.before = self.now()

    def now(self) -> tuple[float, float]:
        """Return the wall time and the processor time of the driver, s."""
        spent = self.process.cpu_times()
        return time.perf_counter(), spent.user + spent.system

    def ended(self, trial: FrozenTrial, done: int) -> None:
        """Track a trial, without its line."""
        with contextlib.redirect_stdout(None):
            super().ended(trial, done)
        if done % ROWS == 0:
            now = self.now()
            wall, cpu = (1000 * (b - a) / ROWS for a, b in zip(self.before, now, strict=True))
            memory = self.process.memory_info().rss / 2**20
            print(f"{done:>7}{wall:14.0f}{cpu:14.0f}{memory:10.0f}", flush=True)
            self.before = now


def main() -> None:
    """Run as many trials as the command line says, with its overrides."""
    words = " ".join([f"search.trials={sys.argv[1]}", *sys.argv[2:]])
    config = load_config("params.yaml", parse_overrides(words))
    data = dataset.load(Path(os.environ.get("DATASET", "data/dataset")).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        space = Space(config)
        with (
            locked_study(config.search, made_for(space, data)) as (study, lock),
            start_search(config, data, None) as run_id,
        ):
            print(f"{'trials':>7}{'wall ms/trial':>14}{'CPU ms/trial':>14}{'RSS MB':>10}")
            drive(study, lock, space, Nothing(), Meter(study, run_id, config))
        os.chdir("/")


if __name__ == "__main__":
    main()
