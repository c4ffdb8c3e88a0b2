"""One process at a time: the others wait, and say for whom and how long."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)

POLL = 0.2
"""Seconds between two attempts."""
REMIND = 30.0
"""Seconds between two messages of one that waits."""


@contextmanager
def alone(path: Path, doing: str) -> Iterator[None]:
    """Run the block while no other process runs one under the same lock.

    Parameters
    ----------
    path : path
        The lock's file, which stays; the system frees the lock when its process ends.
    doing : str
        What the block does, for the message of those who wait: "making the dataset".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock, owner = FileLock(path), path.with_name(f"{path.name}.owner")

    def blocker() -> str | None:
        return None if taken(lock) else f"{_read(owner)} ({doing})"

    wait_while(blocker)
    try:
        owner.write_text(
            f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}", encoding="utf-8"
        )
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def wait_while(blocker: Callable[[], str | None]) -> None:
    """Return when `blocker` names nobody any more; until then say who it is, now and then."""
    start, said = time.monotonic(), float("-inf")
    while who := blocker():
        waited = time.monotonic() - start
        if waited - said >= REMIND:
            logger.info(f"Waiting for {who}" + (f", {waited:.0f} s so far" if waited > 1 else ""))
            said = waited
        time.sleep(POLL)


def taken(lock: FileLock) -> bool:
    """Take a lock, or keep it; return whether it is ours."""
    if lock.is_locked:
        return True
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _read(owner: Path) -> str:
    try:
        return owner.read_text("utf-8") or "another process"
    except OSError:
        return "another process"
