"""A bound on how long a piece of work may take."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def time_limit(seconds: float, doing: str) -> Iterator[None]:
    """Raise a TimeoutError from the block if it takes longer.

    It works in a process's main thread, where workers do their tasks; elsewhere nothing is
    bounded.

    Parameters
    ----------
    seconds : float
    doing : str
        What the block does, for the message: "reading it".
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: Any) -> None:
        raise TimeoutError(f"{doing} took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
