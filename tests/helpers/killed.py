"""Commands that are killed at a random moment, in a project whose state can be put back."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil

MARK = "GALOPT_MARK"
PATIENCE = 900
"""Seconds after which a command is taken for stuck."""
KNOWN = {".dvc", ".dvcignore", ".lock", ".mlflow.db.lock", ".search.db.lock"}
"""Hidden names that an undisturbed project has."""


class Command:
    """A command in a session of its own, and all that it has started.

    Parameters
    ----------
    words : sequence of str
    folder : path
        Where it works.
    """

    def __init__(self, words: list[str], folder: Path) -> None:
        self.mark = uuid.uuid4().hex
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("MLFLOW_")}
        self.output = folder.parent / f"{self.mark}.txt"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                words,
                cwd=folder,
                env=inherited | {MARK: self.mark},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def family(self) -> list[psutil.Process]:
        """Return the processes that it has started and that still live, itself among them."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark:
                    found.append(process)
        return found

    def kill_all(self) -> None:
        """Kill everything, as where the machine goes down."""
        for process in self.family():
            with suppress(psutil.Error):
                process.kill()
        self.process.wait()

    def kill_first(self) -> None:
        """Kill the first process alone."""
        self.process.kill()
        self.process.wait()

    def terminate_first(self) -> None:
        """Ask the first process alone to end."""
        self.process.terminate()
        self._stop_asking()

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal tells every process of the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        self._stop_asking()

    def _stop_asking(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
            return
        raise AssertionError(f"{self.process.args} does not end when asked to")

    def ended(self) -> tuple[int, str]:
        """Wait for it, and return its exit status and what it has printed."""
        return self.process.wait(PATIENCE), self.output.read_text()

    def settle(self) -> bool:
        """Wait for all that it has started; return whether all have ended."""
        end = time.monotonic() + PATIENCE
        while any(process.status() != psutil.STATUS_ZOMBIE for process in self.family()):
            if time.monotonic() > end:
                self.kill_all()
                return False
            time.sleep(0.5)
        return True


KINDS = {
    "SIGKILL of all": Command.kill_all,
    "SIGKILL of the first": Command.kill_first,
    "SIGTERM to the first": Command.terminate_first,
    "Ctrl-C": Command.interrupt,
}


class Store:
    """What MLflow's file says, read without MLflow."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _rows(self, query: str) -> list[Any]:
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query).fetchall()

    def running(self) -> list[str]:
        """Return the runs that are said to be under way."""
        return [row[0] for row in self._rows("SELECT name FROM runs WHERE status = 'RUNNING'")]

    def errors(self) -> set[float]:
        """Return the test RMSEs of all runs that ended well."""
        query = (
            "SELECT value FROM latest_metrics m JOIN runs r ON r.run_uuid = m.run_uuid "
            "WHERE m.key = 'test_rmse' AND r.status = 'FINISHED'"
        )
        return {row[0] for row in self._rows(query)}

    def versions_without_a_run(self) -> list[str]:
        """Return which model versions are a run's second, or of a run that did not end well."""
        query = (
            "SELECT v.version, v.run_id, r.status FROM model_versions v "
            "LEFT JOIN runs r ON r.run_uuid = v.run_id WHERE v.current_stage != 'Deleted_Internal'"
        )
        rows = self._rows(query)
        held = Counter(run for _, run, _ in rows)
        return [
            f"version {version} of run {run} ({status}, {held[run]} versions)"
            for version, run, status in rows
            if held[run] > 1 or status != "FINISHED"
        ]


def leftovers(folder: Path) -> list[str]:
    """Return the files and checkpoints that no undisturbed project has."""
    hidden = [path for path in folder.rglob(".*") if path.name not in KNOWN]
    hidden = [path for path in hidden if ".dvc" not in path.relative_to(folder).parts]
    return [str(path.relative_to(folder)) for path in [*hidden, *folder.glob("runs/*")]]


def put_back(folder: Path, state: Path) -> None:
    """Make a folder what it was when `state` was copied from it."""
    shutil.rmtree(folder)
    shutil.copytree(state, folder, symlinks=True)
