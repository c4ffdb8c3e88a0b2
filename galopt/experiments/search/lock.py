"""One driver a study: two would both repeat the trials that the other is running."""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from galopt.compute.lock import taken
from galopt.compute.retry import retry
from galopt.errors import GaloptError
from galopt.experiments.search.storage import parse_url


class SystemLock:
    """A lock beside an SQLite file, freed by the system when its process ends."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path)

    def keep(self) -> bool:
        """Take or keep the lock; return whether it is ours."""
        return taken(self._lock)

    def close(self) -> None:
        """Free the lock."""
        self._lock.release()


class DatabaseLock:
    """An advisory lock of PostgreSQL, freed by the server when its connection ends."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._key = engine, zlib.crc32(name.encode())
        self._connection: Any = None

    def keep(self) -> bool:
        """Take or keep the lock; return whether it is ours.

        A connection that ended with a restart of the server is made, and the lock taken, again.
        """
        try:
            if self._connection is not None:
                self._connection.execute(text("select 1"))
                return True
        except SQLAlchemyError:
            self._connection.invalidate()
            self._connection = None
        connection = retry(self._engine.connect, errors=OperationalError)
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": self._key})
        if not taken.scalar():
            connection.close()
            return False
        self._connection = connection
        return True

    def close(self) -> None:
        """Free the lock."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


Lock = SystemLock | DatabaseLock


@contextmanager
def only_driver(storage: str, study: str) -> Iterator[Lock]:
    """Hold the study's lock while the block runs.

    Raises
    ------
    GaloptError
        Another process drives the study.
    """
    url = parse_url(storage)
    lock: Lock
    if url.get_backend_name() == "sqlite":
        lock = SystemLock(Path(f"{url.database}.{study}.lock"))
    else:
        lock = DatabaseLock(create_engine(url), f"galopt search {study}")
    try:
        if not (lock.keep() or _again(lock)):
            raise GaloptError(
                f"study {study!r} in {url.render_as_string()} is being searched by another "
                "process; wait for it, or give another study"
            )
        yield lock
    finally:
        lock.close()


def is_driven(storage: str, study: str) -> bool:
    """Return whether a process drives a study whose storage can be reached.

    One of another user, whose lock is not ours to try, is taken for driven.
    """
    try:
        with only_driver(storage, study):
            return False
    except (GaloptError, PermissionError):
        return True


def _again(lock: Lock) -> bool:
    """Try once more: whoever only asks whether a study is driven holds its lock for a moment."""
    time.sleep(0.2)
    return lock.keep()
