"""A command that is watched while it runs: its time, its work, its memory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Watched:
    """What a command and its processes took.

    Attributes
    ----------
    wall, work : float
        Seconds by the clock and of processor.
    peak, first_peak : float
        Largest resident memory in bytes of all processes together, and of the first alone; what
        processes share is counted in each.
    """

    wall: float
    work: float
    peak: float
    first_peak: float


def watch(words: Sequence[str], folder: Path, fine: Collection[int] = (0,)) -> Watched:
    """Run a module of this environment in a folder, watched four times per second.

    Parameters
    ----------
    words : sequence of str
        After ``python -m``.
    folder : path
        Where it works.
    fine : collection of int
        Exit statuses that are no failure; with another this process ends.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    peaks, work = [0, 0], dict[int, float]()
    watcher = threading.Thread(target=_look, args=(process, peaks, work), daemon=True)
    watcher.start()
    _, errors = process.communicate()
    if process.returncode not in fine:
        sys.exit(errors.decode())
    wall = time.perf_counter() - started
    watcher.join()
    return Watched(wall, sum(work.values()), peaks[0], peaks[1])


def _look(process: subprocess.Popen, peaks: list[int], work: dict[int, float]) -> None:
    """Keep the largest memory of a process and its children until it ends, and each one's work."""
    while process.poll() is None:
        try:
            tree = psutil.Process(process.pid)
            members = [tree, *tree.children(recursive=True)]
            used = {member.pid: _used(member) for member in members}
            peaks[0] = max(peaks[0], sum(memory for memory, _ in used.values()))
            peaks[1] = max(peaks[1], used[process.pid][0])
            work |= {pid: seconds for pid, (_, seconds) in used.items() if seconds}
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.25)


def _used(process: psutil.Process) -> tuple[int, float]:
    """Return the memory of a process, in bytes, and the seconds of processor it has had."""
    try:
        times = process.cpu_times()
        return process.memory_info().rss, times.user + times.system
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0, 0.0
