"""What is going on, said to a person while it lasts: progress bars, and steps without a count."""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from threading import Event, Thread

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

logger = logging.getLogger(__name__)

SILENCE = 10.0
"""Seconds without a message after which one says what is going on, where there is no terminal."""


class Bars(Progress):
    """Progress bars; where there is no terminal to draw them on, messages of the log."""

    _said: "_Reminder | None" = None

    def start(self) -> None:
        """Begin to show them."""
        super().start()
        shown = self.console.is_interactive or self.console.is_jupyter
        self._said = None if shown else _Reminder(self._words)

    def stop(self) -> None:
        """Show them no longer."""
        if self._said:
            self._said.stop()
        super().stop()

    def _words(self) -> str:
        columns = [column for column in self.columns if isinstance(column, ProgressColumn)]
        shown = [column for column in columns if not isinstance(column, BarColumn)]
        lines = [" ".join(str(column(task)) for column in shown) for task in self.tasks]
        return "\n".join(" ".join(line.split()) for line in lines)


class _Reminder(logging.Handler):
    """Logs what is going on, from a thread, whenever nothing else was logged for some seconds.

    Parameters
    ----------
    words : callable
        Says it; an empty text is not logged.
    """

    def __init__(self, words: Callable[[], str]) -> None:
        super().__init__()
        self.words, self.last, self.over = words, time.monotonic(), Event()
        messages = logging.getLogger("galopt")
        if messages.hasHandlers():  # where there is none Python prints warnings: leave it so
            messages.addHandler(self)
        self.thread = Thread(target=self._remind, daemon=True)
        self.thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Note that something was logged."""
        self.last = time.monotonic()

    def stop(self) -> None:
        """Log no more."""
        logging.getLogger("galopt").removeHandler(self)
        self.over.set()
        self.thread.join()

    def _remind(self) -> None:
        while not self.over.wait(self.last + SILENCE - time.monotonic()):
            if time.monotonic() >= self.last + SILENCE:
                self.last = time.monotonic()
                if words := self.words():
                    logger.info(words)


def progress_bar(done: ProgressColumn | None = None) -> Progress:
    """Return a progress bar with what is done (counts), elapsed time and ETA, on stderr."""
    return Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        done or MofNCompleteColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    )


@contextmanager
def busy(step: str) -> Iterator[None]:
    """Say what is going on while the block runs: its seconds count on a terminal.

    Where stderr is no terminal, `step` is a message of the log, again every few seconds.
    """
    if not sys.stderr.isatty():
        logger.info(step)
        started = time.monotonic()
        said = _Reminder(lambda: f"{step} ({time.monotonic() - started:.0f} s)")
        try:
            yield
        finally:
            said.stop()
        return
    with (
        open(os.dup(sys.stderr.fileno()), "w") as stream,  # the block may redirect stderr
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(file=stream),
            transient=True,
        ) as bar,
    ):
        bar.add_task(step, total=None)
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Keep a worker's progress bar off the driver's terminal."""
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        yield
