"""The driver of `study_of_noise.py` as a process that a test signals, reads and kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import optuna
from optuna.trial import FrozenTrial, TrialState

SCRIPT = Path(__file__).parent / "study_of_noise.py"
PATIENCE = 180


class Process:
    """The script in a process group of its own, its lines read as they come.

    What still runs when the block ends is killed.
    """

    def __init__(self, *arguments: object, folder: Path | None = None, **environment: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=folder,
            env=os.environ | environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def until(self, start: str, times: int = 1) -> None:
        """Read until so many further lines begin like this."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            times -= line.startswith(start)
            if not times:
                return
        raise AssertionError("\n".join(self.lines))

    def end(self) -> int:
        """Read the rest and return the exit status."""
        with self.process.stdout as rest:
            self.lines += rest.read().splitlines()
        return self.process.wait(PATIENCE)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)


def study_of(database: Path) -> optuna.Study:
    """Return the study that the script made in an SQLite file."""
    return optuna.load_study(study_name="noise", storage=f"sqlite:///{database}")


def running_trial(database: Path) -> FrozenTrial:
    """Return a trial that has said which process runs it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for trial in study_of(database).get_trials(states=(TrialState.RUNNING,)):
            if "pid" in trial.user_attrs:
                return trial
        time.sleep(0.1)
    raise AssertionError("no trial is running")
