"""MLflow's store as an SQLite file: made beside its place, looked at before MLflow opens it."""

import logging
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

from galopt.compute.lock import alone
from galopt.errors import GaloptError
from galopt.files import atomic_file

logger = logging.getLogger(__name__)

SCHEMA = "dc11669786a5"
"""The schema of the MLflow that `pyproject.toml` pins; MLflow says it after seconds of import."""

_SCHEME = "sqlite:///"
_FORBIDDEN = "'\"%;?"
"""Characters of a path that break MLflow's SQL or its addresses."""
_WAIT = 20.0
"""Seconds to wait for a file that another process has locked."""
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns in which MLflow keeps absolute paths of artifacts."""


def tracking_uri() -> str:
    """Return the store's address as MLflow has it, or will have it once it is imported."""
    if mlflow := sys.modules.get("mlflow"):
        return mlflow.get_tracking_uri()
    default = f"{_SCHEME}{quote(str(Path('mlflow.db').resolve()))}"
    return os.environ.get("MLFLOW_TRACKING_URI") or default


def missing_store() -> bool:
    """Whether the store would be a new, empty file, which reading it would make.

    Raises
    ------
    GaloptError
        It is there and cannot be used.
    """
    path = store_path(tracking_uri())
    return path is not None and not check_store(path)


def store_path(uri: str) -> Path | None:
    """Return the file of a store's address; None if the store is no SQLite file.

    Raises
    ------
    GaloptError
        MLflow cannot work with a path of this name.
    """
    if not uri.startswith(_SCHEME):
        return None
    path = Path(unquote(uri.removeprefix(_SCHEME)))
    bad = [letter for letter in _FORBIDDEN if letter in str(path.resolve())]
    if bad:
        raise GaloptError(
            f"{path.resolve()}: MLflow cannot keep its store in a path with {' '.join(bad)} : "
            "rename the folder, or set MLFLOW_TRACKING_URI to a store elsewhere"
        )
    return path


def make_store(uri: str) -> None:
    """Make the store if it is not there: whole, or not at all.

    A store whose making was interrupted is set aside if it holds no run; one process at a time
    makes it. Addresses of artifacts follow a project that was copied or moved.

    Raises
    ------
    GaloptError
        The file cannot be used; the message says what to do.
    """
    path = store_path(uri)
    if path is None or check_store(path, write=True):
        return
    with alone(path.with_name(f".{path.name}.lock"), "making MLflow's store"):
        if check_store(path, write=True):
            return
        if path.exists():
            aside = path.with_name(f"{path.name}.half-made-{time.time():.0f}")
            path.rename(aside)
            logger.warning(f"{path}: its making was interrupted before any run: now {aside.name}")
        for left in path.parent.glob(f".part-*-{path.name}*"):
            left.unlink()
        logger.info(f"Making MLflow's store, {path.name}")
        with atomic_file(path) as temporary:
            _make(temporary)


def check_store(path: Path, write: bool = False) -> bool:
    """Return whether a store is whole; False if it is missing, or half-made and without runs.

    Raises
    ------
    GaloptError
        It is damaged, locked, not writable, or of another version of MLflow.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT)) as database:
            if write:
                _relocate(database, path.resolve().parent)
            return _is_whole(database, path)
    except sqlite3.Error as error:
        raise GaloptError(f"{path}: {error}; {_way_out(path, error)}") from None


def _make(path: Path) -> None:
    from mlflow.tracking._tracking_service.utils import _get_sqlalchemy_store

    _get_sqlalchemy_store(f"{_SCHEME}{quote(str(path.resolve()))}", None).engine.dispose()


def _is_whole(database: sqlite3.Connection, path: Path) -> bool:
    found = _revision(database)
    if found == SCHEMA:
        return True
    if not (_has(database, "runs") and database.execute("select 1 from runs").fetchone()):
        return False
    if found and not _is_known(found):
        raise GaloptError(f"{path} was written by a newer MLflow ({found}): use that version")
    raise GaloptError(
        f"{path} was written by an older MLflow: copy it, then uv run mlflow db upgrade "
        f"{_SCHEME}{path}"
    )


def _revision(database: sqlite3.Connection) -> str | None:
    if not _has(database, "alembic_version"):
        return None
    row = database.execute("select version_num from alembic_version").fetchone()
    return row[0] if row else None


def _is_known(revision: str) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from mlflow.store.db.utils import _get_alembic_config

    try:
        scripts = ScriptDirectory.from_config(_get_alembic_config("sqlite://"))
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def _has(database: sqlite3.Connection, table: str) -> bool:
    query = "select 1 from sqlite_master where type = 'table' and name = ?"
    return database.execute(query, [table]).fetchone() is not None


def _relocate(database: sqlite3.Connection, here: Path) -> None:
    """Let the artifacts' addresses follow a project that was copied or moved with `mlruns`."""
    with _immediate(database):
        if not _has(database, "experiments"):
            return
        rows = database.execute("select experiment_id, artifact_location from experiments")
        for identifier, location in rows.fetchall():
            there = (location or "").removesuffix(f"/mlruns/{identifier}")
            local = here / "mlruns" / str(identifier)
            if there in (location, str(here), "") or "://" in there or not local.is_dir():
                continue
            for table, column in _ADDRESSES:
                database.execute(
                    f"update {table} set {column} = ? || substr({column}, ?) "
                    f"where substr({column}, 1, ?) = ?",
                    [
                        f"{here}/mlruns/{identifier}/",
                        len(location) + 2,
                        len(location) + 1,
                        f"{location}/",
                    ],
                )
            database.execute(
                "update experiments set artifact_location = ? where experiment_id = ?",
                [str(local), identifier],
            )
            logger.warning(f"The project was copied from {there}: its artifacts are now read here")


@contextmanager
def _immediate(database: sqlite3.Connection) -> Iterator[None]:
    """Hold the right to write: it fails early where the file is locked or not writable."""
    database.isolation_level = None
    database.execute("begin immediate")
    try:
        yield
    finally:
        database.execute("commit")


def _way_out(path: Path, error: sqlite3.Error) -> str:
    said = str(error)
    if "locked" in said:
        return "another program holds it: wait for it, or end it"
    if "readonly" in said or "unable to open" in said:
        return "make it writable, or set MLFLOW_TRACKING_URI to another store"
    return f"put a copy in its place, or move it away (mv {path.name} damaged.db) to begin anew"
