"""Where batches take their stamps from: from memory, or from the disk in shuffled blocks."""

import mmap
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from galopt.compute.memory import available_memory

SHARE = 0.5
"""Share of the available memory that training and validation stamps may take."""

BLOCK = 64
"""Neighbouring stamps that are read together."""

GROUP_BYTES = 2**27
"""Stamps that are mixed at a time: 19,000 of 84 px, from 300 places of the dataset. Two such
groups are in memory, one in use and one being read."""

_ROWS_AT_ONCE = 512


class StampStore(Protocol):
    """Stamps in an order that is drawn for each epoch."""

    def shuffle(self, rng: np.random.Generator, times: int) -> NDArray[np.intp]:
        """Draw an order in which every row appears so many times, and return it."""
        ...

    def take(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Return the stamps at some places of the order."""
        ...


def fits_in_memory(*parts: NDArray[np.uint8]) -> bool:
    """Whether stamps may be copied into memory, or are there already."""
    mapped = sum(part.nbytes for part in parts if isinstance(part, np.memmap))
    return mapped <= SHARE * available_memory()


class InMemory:
    """Stamps in memory: a random row of a file is slow."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = np.array(images)

    def shuffle(self, rng: np.random.Generator, times: int) -> NDArray[np.intp]:
        """Draw an order of all rows."""
        self.order = rng.permutation(np.repeat(np.arange(len(self.images)), times))
        return self.order

    def take(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Return the stamps at some places of the order."""
        return self.images[self.order[start:stop]]


class OnDisk:
    """Memory-mapped stamps, read in blocks of neighbours; some hundred random blocks are mixed.

    Each time that every row appears, the blocks are dealt into groups anew. A group is read while
    the one before it is used.
    """

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images
        self.blocks = max(1, GROUP_BYTES // images[:1].nbytes // BLOCK)
        self.reader = ThreadPoolExecutor(1, "stamps")
        self.lock = threading.Lock()

    def shuffle(self, rng: np.random.Generator, times: int) -> NDArray[np.intp]:
        """Draw an order of blocks for each time, and of rows within every group of blocks."""
        total = len(self.images)
        groups = []
        for _ in range(times):
            starts = rng.permutation(np.arange(0, total, BLOCK))
            for some in np.array_split(starts, ceil(len(starts) / self.blocks)):
                rows = some[:, None] + np.arange(BLOCK)
                groups.append(rng.permutation(rows[rows < total]))
        order = np.concatenate(groups)
        with self.lock:
            self.ends = np.cumsum([len(group) for group in groups])
            self.groups = np.split(order, self.ends[:-1])
            self.read: dict[int, Future[NDArray[np.uint8]]] = {}
        return order

    def take(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Return the stamps at some places of the order."""
        parts = [self.images[:0]]
        stop = min(stop, int(self.ends[-1]))
        while start < stop:
            number = int(np.searchsorted(self.ends, start, side="right"))
            begin = int(self.ends[number]) - len(self.groups[number])
            parts.append(self._group(number)[start - begin : stop - begin])
            start += len(parts[-1])
        return parts[1] if len(parts) == 2 else np.concatenate(parts)

    def _group(self, number: int) -> NDArray[np.uint8]:
        with self.lock:
            wanted = [n for n in (number, number + 1) if n < len(self.groups)]
            self.read = {n: self.read[n] for n in wanted if n in self.read}
            for missing in (n for n in wanted if n not in self.read):
                self.read[missing] = self.reader.submit(
                    read_rows, self.images, self.groups[missing]
                )
            return self.read[number].result()


def read_rows(images: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Copy rows of a memory map, in the order of the file, and keep nothing else of it resident."""
    copied = np.empty((len(rows), *images.shape[1:]), images.dtype)
    places = np.argsort(rows)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = places[start : start + _ROWS_AT_ONCE]
        copied[part] = images[rows[part]]
        _let_go(images)
    return copied


def _let_go(images: NDArray[np.uint8]) -> None:
    """Tell the system that the pages of a memory map, which it counts as ours, are not needed."""
    mapped = getattr(images, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
