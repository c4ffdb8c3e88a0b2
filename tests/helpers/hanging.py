"""Work that hangs or crashes in C, where no signal handler of Python is ever called."""

import ctypes
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

from galopt.compute.killable import begin
from galopt.data.imaging import stamp_batch
from galopt.prediction import preprocess

read_bands, make_stamps = stamp_batch.read_bands, stamp_batch.stamp_chunk
read = preprocess.read_chunk


def hang() -> None:
    """Sleep in C for an hour, holding the lock without which nothing of Python runs."""
    ctypes.PyDLL(None).sleep(3600)


def crash() -> None:
    """End as a decoder does that writes where it may not."""
    os.kill(os.getpid(), signal.SIGSEGV)


DEEDS = {"hang": hang, "crash": crash, "die": lambda: os.kill(os.getpid(), signal.SIGKILL)}


def work(words: tuple[str, ...]) -> list[str]:
    """Do what each word says; those that mean nothing are returned."""
    done = []
    for number, word in enumerate(words):
        begin(number)
        DEEDS.get(word, str)()
        done.append(word)
    return done


def refuse(words: tuple[str, ...], number: int | None, reason: str) -> tuple[str, ...]:
    """Put the reason in the place of a word."""
    return tuple(reason if number in (None, n) else word for n, word in enumerate(words))


def process_id(_: int = 0) -> int:
    """Return which process works."""
    return os.getpid()


def write_and_hang() -> None:
    """Leave a temporary file behind."""
    Path(tempfile.mkstemp()[1]).write_text("half")
    hang()


def folder_of_temporaries() -> str:
    """Return where temporary files go."""
    return tempfile.gettempdir()


def hanging_bands(files: list[str], *wanted: Any) -> Any:
    """Read an image as a decoder that hangs or crashes on those whose names say so."""
    DEEDS.get(Path(files[0]).stem, str)()
    return read_bands(files, *wanted)


def stamp_chunk(*arguments: Any, **named: Any) -> list[dict]:
    """Make stamps with that decoder."""
    stamp_batch.read_bands = hanging_bands
    return make_stamps(*arguments, **named)


def read_chunk(*arguments: Any, **named: Any) -> Any:
    """Read galaxies to predict with that decoder."""
    stamp_batch.read_bands = hanging_bands
    return read(*arguments, **named)
