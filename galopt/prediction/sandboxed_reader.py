"""Image files from strangers, read for a server in a process that can be killed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from galopt.compute.killable import Broken, Killable, KillablePool
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
        self.seconds = seconds
        self._process = Killable(make_stamps, LONGEST, seconds, memory)

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
        self._process.work = self.seconds + SECONDS_PER_IMAGE * len(files)
        try:
            return self._process(files, config, pixels, bands)
        except Broken as broken:
            raise DataError(
                f"the images cannot be read: the process that does {broken}; send ordinary "
                "images, fewer at a time"
            ) from None
        except DataError:
            raise
        except MemoryError:
            raise DataError(
                "the images need more memory than they may; send smaller ones"
            ) from None
        except Exception as error:
            raise DataError(f"the images cannot be read: {' '.join(str(error).split())}") from None

    def close(self) -> None:
        """Kill the process."""
        self._process.close()


class Readers(KillablePool):
    """Several readers; each request is read by one that is free.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int) -> None:
        super().__init__(Reader, count)
