"""Writing files so that nothing half-written is ever left behind."""

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil


@contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`, moved onto it only on success."""
    path = Path(path)
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Have a file's content on the disk, whatever happens to the machine after it is renamed."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`, which replaces it only on success."""
    path = Path(path)
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporary(path: Path) -> Path:
    """Return where this process writes what becomes `path`, free of what killed ones have left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    here = re.escape(socket.gethostname())
    for left in path.parent.glob(".part-*"):
        made = re.match(rf"\.part-(\d+)@{here}-", left.name)
        if made and not psutil.pid_exists(int(made[1])):
            _remove(left)
    temporary = path.with_name(f".part-{os.getpid()}@{socket.gethostname()}-{path.name}")
    _remove(temporary)  # of an earlier process of this number
    return temporary


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def write_json(path: Path | str, content: Any) -> None:
    """Write `content` as indented JSON, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(
            json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )


def read_json(path: Path | str) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text("utf-8"))
