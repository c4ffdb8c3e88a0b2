"""How much memory this process may still take."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

_ROOT = Path("/sys/fs/cgroup")
_MINE = Path("/proc/self/cgroup")
_FILES = [
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
]
"""The limit of a group of processes and what it uses, in the two versions of Linux' cgroups."""


def available_memory() -> int:
    """Return how many bytes the machine, or the container or job, has left or can free."""
    left = [psutil.virtual_memory().available]
    for folder in _groups():
        for limit, used in _FILES:
            most, now = _bytes(folder / limit), _bytes(folder / used)
            if most is not None and now is not None:
                left.append(max(most - now + _reclaimable(folder), 0))
    return min(left)


def _groups() -> Iterator[Path]:
    """Yield the folders of the groups that hold this process, each inside the next."""
    try:
        lines = _MINE.read_text().splitlines()
    except OSError:
        return
    for _, controllers, name in (line.split(":", 2) for line in lines):
        inside = PurePosixPath(name.lstrip("/"))
        if controllers in ("", "memory"):
            for path in (inside, *inside.parents):
                yield _ROOT / controllers / path


def _bytes(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return None


def _reclaimable(folder: Path) -> int:
    """Return the bytes that a group uses as a cache of files."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    values = dict(line.split(maxsplit=1) for line in lines if " " in line)
    return int(values.get("total_inactive_file", values.get("inactive_file", 0)))
