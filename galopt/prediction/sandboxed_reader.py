"""Image files from strangers, read in a process that can be killed."""

import multiprocessing
import resource
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from galopt.config import Stamps
from galopt.data.imaging.bands import GREY
from galopt.errors import DataError
from galopt.prediction.preprocess import make_stamps

SECONDS = 5.0
SECONDS_PER_IMAGE = 0.04
"""Of the processor: a stamp takes 5 ms on one core of 2020, an image of the largest size 0.8 s."""

MAX_IMAGES = 1000
"""In one request, which so takes less than the 60 s after which MLflow gives an answer up."""

LONGEST = 45.0
"""Seconds by the clock, of which a busy machine may give the process few."""

_LOOK = 0.2
"""Seconds between two looks at a process that works."""

MEMORY = 4 << 30
"""Bytes of address space of the process: the libraries take 2 GB of it, the largest image 1 GB."""


class Reader:
    """Makes stored stamps as `make_stamps` does, within bounds of time and memory.

    A process that is late, or has died, is replaced; the request that caused it is refused.

    Parameters
    ----------
    seconds : float
        Processor time that a request may take, beside `SECONDS_PER_IMAGE`.
    memory : int
        Bytes of address space of the process.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self._start()

    def __call__(
        self,
        files: Sequence[Path | bytes],
        config: Stamps,
        pixels: int,
        bands: Sequence[str] = GREY,
    ) -> NDArray[np.uint8]:
        """Return stored stamps (N, pixels, pixels, C) as `make_stamps` does, with its errors."""
        if len(files) > MAX_IMAGES:
            raise DataError(f"{len(files):,} images; send at most {MAX_IMAGES:,} at a time")
        limit = self.seconds + SECONDS_PER_IMAGE * len(files)
        try:
            self._ours.send((files, config, pixels, bands))
            answer = self._receive(limit)
        except (TimeoutError, EOFError, OSError) as error:
            self.close()
            self._start()
            late = isinstance(error, TimeoutError)
            reason = "took too long to read" if late else "stopped the reader"
            raise DataError(f"the images {reason}; send ordinary images, fewer at a time") from None
        if isinstance(answer, str):
            raise DataError(answer)
        return answer

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.join()
        self._ours.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")  # a new one starts in milliseconds
        context.set_forkserver_preload([__name__])
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self.memory), daemon=True)
        self._process.start()
        theirs.close()

    def _receive(self, seconds: float) -> Any:
        end, worked = time.monotonic() + LONGEST, self._worked()
        while not self._ours.poll(_LOOK):
            if self._worked() - worked > seconds or time.monotonic() > end:
                raise TimeoutError
        return self._ours.recv()

    def _worked(self) -> float:
        """Return the processor time that the process has had, in seconds."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            raise EOFError from None
        return times.user + times.system


class Readers:
    """Several readers; each request is read by one that is free.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int) -> None:
        self._all = [Reader() for _ in range(count)]
        self._free: SimpleQueue[Reader] = SimpleQueue()
        for reader in self._all:
            self._free.put(reader)

    def __call__(self, *request: Any) -> NDArray[np.uint8]:
        """Return what a `Reader` does."""
        reader = self._free.get()
        try:
            return reader(*request)
        finally:
            self._free.put(reader)

    def close(self) -> None:
        """Kill the processes."""
        for reader in self._all:
            reader.close()


def _work(requests: Connection, memory: int) -> None:
    """Answer requests until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that kills this one
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while True:
        try:
            given = requests.recv()
        except EOFError:
            return
        try:
            requests.send(make_stamps(*given))
        except DataError as error:
            requests.send(str(error))
        except MemoryError:
            requests.send("the images need more memory than they may; send smaller ones")
        except Exception as error:
            requests.send(f"the images cannot be read: {' '.join(str(error).split())}")
