"""Files of the web: downloaded once, checked, and kept outside the project."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from galopt.data.survey.candels.http import discard, download
from galopt.errors import ConfigError, DataError
from galopt.files import read_json, write_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fetched:
    """A file that is here, whole, and the file that was asked for."""

    path: Path
    address: str
    sha256: str


def fetch(address: str, sha256: str | None, check: Callable[[Path], Any]) -> Fetched:
    """Return a file, from the cache if it is there, else downloaded.

    Beside a cached file lies a `.json` with the address, size and SHA-256 of its first
    download: a file that differs from it is never used.

    Parameters
    ----------
    address : str
        An http or https address, or the path of a file at hand.
    sha256 : str or None
        Its checksum; None for that of the first download.
    check : callable
        Called with the path of the file; raises a DataError if the content is not whole.

    Raises
    ------
    ConfigError
        The address is of another kind.
    DataError
        The file cannot be had, or is not the one asked for. What arrived of a broken
        download is kept and the next call goes on from there; a wrong file is removed.
    """
    if "://" not in address:
        return _at_hand(Path(address).expanduser().resolve(), sha256, check)
    if urlsplit(address).scheme not in ("http", "https"):
        raise ConfigError(f"{address}: neither an http or https address nor a path")
    cached = cache_path(address)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{cached}.lock", timeout=0):
            return _cached(cached, address, sha256, check) or _new(cached, address, sha256, check)
    except Timeout:
        raise DataError(f"{address}: another process is downloading it; wait for it") from None
    except OSError as error:
        raise DataError(
            f"{cached.parent}: {error.strerror or error}, while downloading {address}; what came "
            "is kept. Make room and start again, or let XDG_CACHE_HOME name another folder"
        ) from None


def cache_path(address: str) -> Path:
    """Return where the file of an address is kept: in the user's cache folder."""
    name = PurePosixPath(urlsplit(address).path).name or "index"
    key = hashlib.sha256(address.encode()).hexdigest()[:12]
    return user_cache_path("galopt") / "downloads" / f"{key}-{name}"


def _at_hand(path: Path, sha256: str | None, check: Callable[[Path], Any]) -> Fetched:
    try:
        found = Fetched(path, str(path), _digest(path))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    _compare(found, sha256)
    check(path)
    return found


def _cached(
    cached: Path, address: str, sha256: str | None, check: Callable[[Path], Any]
) -> Fetched | None:
    """Return the cached file if it is what was downloaded; remove it if it is not."""
    if not cached.exists():
        return None
    found = Fetched(cached, address, _digest(cached))
    if found.sha256 != _first_digest(cached):
        logger.info(f"{cached} is not what was downloaded from {address}: downloading it again")
        cached.unlink()
        return None
    _compare(found, sha256, f"; remove {cached} to download it again")
    check(cached)
    return found


def _new(cached: Path, address: str, sha256: str | None, check: Callable[[Path], Any]) -> Fetched:
    """Download a file; it enters the cache only if it is whole and the one asked for."""
    part = cached.with_name(f"{cached.name}.part")
    download(address, part)
    came = Fetched(part, address, _digest(part))
    first = _first_digest(cached)
    try:
        _compare(came, sha256)
        if sha256 is None and first not in (None, came.sha256):
            raise DataError(
                f"{address}: no longer the file of the first download (its sha256 is "
                f"{came.sha256}, was {first}); if that is meant, remove {_record(cached)}"
            )
        check(part)
    except DataError as error:
        discard(part)
        raise DataError(str(error).replace(str(part), address)) from None
    size = part.stat().st_size
    write_json(_record(cached), {"address": address, "bytes": size, "sha256": came.sha256})
    part.replace(cached)
    discard(part)
    return Fetched(cached, address, came.sha256)


def _compare(found: Fetched, sha256: str | None, remedy: str = "") -> None:
    if sha256 not in (None, found.sha256):
        raise DataError(
            f"{found.address}: its sha256 is {found.sha256}, not {sha256} as stated; "
            f"the file was altered, or the checksum is another file's{remedy}"
        )


def _first_digest(cached: Path) -> str | None:
    return read_json(_record(cached))["sha256"] if _record(cached).exists() else None


def _record(cached: Path) -> Path:
    return cached.with_name(f"{cached.name}.json")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
