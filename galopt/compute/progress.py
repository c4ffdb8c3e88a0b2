"""What is going on, said to a person while it lasts: progress bars, and steps without a count."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


def progress_bar(done: ProgressColumn | None = None) -> Progress:
    """Return a progress bar with what is done (counts), elapsed time and ETA, on stderr."""
    return Progress(
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

    Where stderr is no terminal, `step` is a message of the log.
    """
    if not sys.stderr.isatty():
        logger.info(step)
        yield
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
