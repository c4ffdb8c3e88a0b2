"""Names of processes that no later process will have, and whether theirs still runs."""

import os
import socket

import psutil


def process_name() -> str:
    """Return a name of this process that no later process will have."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()}:{os.getpid()}:{started:.0f}"


def is_gone(name: str) -> bool:
    """Whether a name is that of a process of this machine that has ended."""
    host, _, process = name.partition(":")
    return host == socket.gethostname() and not _alive(process)


def _alive(process: str) -> bool:
    pid, _, started = process.partition(":")
    try:
        return f"{psutil.Process(int(pid)).create_time():.0f}" == started
    except psutil.NoSuchProcess:
        return False
