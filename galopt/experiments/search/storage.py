"""The study's database: opened with errors a user can fix, patient while it restarts."""

import weakref
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from galopt.compute.lock import alone
from galopt.compute.retry import retry
from galopt.errors import GaloptError
from galopt.files import atomic_file

AWAY = (StorageInternalError, OperationalError)
"""What a database raises that may be back soon."""

# A server that is cut off is noticed within 15 s instead of two hours.
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}


class PatientStorage(BaseStorage):
    """A storage whose every call waits while the database is away.

    Parameters
    ----------
    storage : BaseStorage
        What does the work.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage


def _patient(name: str) -> Any:
    def call(self: PatientStorage, *arguments: Any, **keywords: Any) -> Any:
        method = getattr(self._storage, name)
        return retry(method, *arguments, errors=AWAY, **keywords)

    return call


for _name, _method in vars(BaseStorage).items():
    if callable(_method) and not _name.startswith("_"):
        setattr(PatientStorage, _name, _patient(_name))
PatientStorage.__abstractmethods__ = frozenset()


def parse_url(storage: str) -> URL:
    """Return the database's URL, with the driver that is installed.

    Raises
    ------
    GaloptError
        It is not the URL of an SQLite file or a PostgreSQL database.
    """
    try:
        url = make_url(storage)
    except ArgumentError:
        url = URL.create("none")
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    raise GaloptError(
        f"search.storage={storage!r}: expected sqlite:///file.db or postgresql://user@host/database"
    )


def _make(file: Path) -> None:
    """Make an SQLite file with Optuna's tables if there is none: whole, or not at all."""
    if file.exists():
        return
    with alone(file.with_name(f".{file.name}.lock"), "making the study's database"):
        for left in file.parent.glob(f".part-*-{file.name}*"):
            left.unlink()
        if not file.exists():
            with atomic_file(file) as temporary:
                RDBStorage(f"sqlite:///{temporary}").engine.dispose()


def _reach(url: URL, arguments: dict[str, Any]) -> RDBStorage:
    """Open a database; what is wrong with it is clearer from SQLAlchemy than from Optuna."""
    engine = create_engine(url, **arguments)
    engine.connect().close()
    engine.dispose()
    return RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=arguments)


def open_storage(storage: str, make: bool = True, wait: bool = False) -> PatientStorage:
    """Open a study's database.

    Its connections are closed when nothing refers to the storage any longer.

    Parameters
    ----------
    storage : str
        Its URL.
    make : bool
        Whether an SQLite file that does not exist is made.
    wait : bool
        Whether a database that is away is waited for: a worker knows that its driver reached it.

    Raises
    ------
    GaloptError
        It cannot be reached or opened, or is not there.
    """
    url = parse_url(storage)
    if url.get_backend_name() == "sqlite":
        arguments: dict[str, Any] = {"connect_args": {"timeout": 60}}
        file = Path(url.database or "")
        if not file.resolve().parent.is_dir():
            raise GaloptError(f"search.storage={storage}: its folder does not exist")
        if not (make or file.exists()):
            raise GaloptError(
                f"no study here ({file} does not exist): start in the project's folder, name its "
                "database with --storage, or search: uv run mlflow run . -e search"
            )
        _make(file)
    else:
        known = {key: value for key, value in _KEEPALIVE.items() if key not in url.query}
        arguments = {"connect_args": known, "pool_pre_ping": True}
    try:
        inner = retry(_reach, url, arguments, errors=AWAY) if wait else _reach(url, arguments)
    except ImportError:
        raise GaloptError("PostgreSQL needs the extra cluster: uv sync --extra cluster") from None
    except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise GaloptError(f"search.storage={url.render_as_string()}: {reason}") from None
    opened = PatientStorage(optuna.storages.get_storage(inner))  # type: ignore[abstract]
    weakref.finalize(opened, inner.engine.dispose)
    return opened
