"""One file over HTTP, taken up again where the connection broke.

Beside the incomplete file lies a `.json` with its announced size and with the mark (ETag or
date) by which the server tells whether it is still the same: without one, it starts anew.
"""

import shutil
import time
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from rich.filesize import decimal
from rich.progress import DownloadColumn
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from galopt.compute.progress import progress_bar
from galopt.errors import DataError
from galopt.files import read_json, write_json

BLOCK = 1 << 20
ATTEMPTS = 5
"""Refusals, or broken downloads that brought nothing new, in a row before we give up."""

BACK_OFF = 0.5
"""First pause after a broken download, seconds; each further one is twice as long."""

SILENCE = (10, 60)
"""How long a server may take to connect, and then to send the next byte, seconds."""


class _BrokenError(Exception):
    """A download ended early; it can be tried again."""


def download(address: str, part: Path) -> None:
    """Receive a file, going on where the connection broke as often as that brings more.

    Parameters
    ----------
    address : str
        http or https.
    part : path
        Receives the file. What an earlier call left there is completed if the server can.

    Raises
    ------
    DataError
        The server cannot be reached, refuses, or breaks off for good; what came is kept.
    OSError
        The file cannot be written.
    """
    retry = Retry(
        total=ATTEMPTS - 1,
        backoff_factor=BACK_OFF,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
        retry_after_max=60,
    )
    reached = idle = 0
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        while True:
            try:
                return _receive(session, address, part)
            except _BrokenError as error:
                size = _size(part)
                idle = 0 if size > reached else idle + 1
                reached = max(size, reached)
                if idle == ATTEMPTS:
                    raise DataError(
                        f"{address}: the download broke again and again after "
                        f"{decimal(reached)} ({error}); start again later"
                    ) from None
                time.sleep(BACK_OFF * 2**idle)


def discard(part: Path) -> None:
    """Forget an incomplete download."""
    part.unlink(missing_ok=True)
    _state(part).unlink(missing_ok=True)


def _receive(session: requests.Session, address: str, part: Path) -> None:
    """Receive what is missing of a file, or all of it if the server cannot go on."""
    state = _read_state(part)
    start = _size(part) if state.get("version") else 0
    if start and start == state["bytes"]:
        return
    response = _request(session, address, start, state.get("version"))
    with response:
        if not response.ok and response.status_code != 416:
            raise DataError(f"{address}: {response.status_code} {response.reason}")
        if _first_byte(response) != start:
            discard(part)
            start = 0
        if response.status_code not in (200, 206) or _first_byte(response) != start:
            raise _BrokenError("the server does not send the rest of it")
        total = _total(response, start)
        _make_sure_of_room(part.parent, address, total - start if total else 0)
        write_json(_state(part), {"version": _version(response), "bytes": total})
        _write(response, part, start, total)


def _request(
    session: requests.Session, address: str, start: int, version: str | None
) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if start and version:
        headers |= {"Range": f"bytes={start}-", "If-Range": version}
    try:
        return session.get(address, headers=headers, stream=True, timeout=SILENCE)
    except requests.RequestException as error:
        cause = error.args[0] if error.args else error
        reason = " ".join(str(getattr(cause, "reason", cause)).split())
        raise DataError(
            f"{address}: cannot be reached ({reason}); try later, or name a mirror or your own file"
        ) from None


def _write(response: requests.Response, part: Path, start: int, total: int | None) -> None:
    name = PurePosixPath(urlsplit(response.url).path).name
    with part.open("ab" if start else "wb") as stream, progress_bar(DownloadColumn()) as bar:
        task = bar.add_task(f"downloading {name}", total=total, completed=start)
        try:
            for block in response.raw.stream(BLOCK, decode_content=False):
                stream.write(block)
                bar.advance(task, len(block))
        except HTTPError as error:
            raise _BrokenError(str(error)) from None
    if total not in (None, _size(part)):
        raise _BrokenError(f"{_size(part)} bytes came, {total} were announced")


def _first_byte(response: requests.Response) -> int:
    """Return where in the file a response begins; -1 if it does not say."""
    if response.status_code == 200:
        return 0
    _, _, span = response.headers.get("Content-Range", "").partition("bytes ")
    first = span.split("-")[0]
    return int(first) if first.isdigit() else -1


def _total(response: requests.Response, start: int) -> int | None:
    """Return the size of the whole file; None if it is sent in chunks, the last one marked."""
    length = response.headers.get("Content-Length")
    if length is not None:
        return start + int(length)
    if "chunked" in response.headers.get("Transfer-Encoding", ""):
        return None
    raise DataError(
        f"{response.url}: the server does not say how long the file is, so a short one could "
        "not be told from a whole one; use a mirror that does"
    )


def _version(response: requests.Response) -> str | None:
    """Return what marks the file; a weak ETag does not mark its bytes (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _make_sure_of_room(folder: Path, address: str, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if need > free:
        raise DataError(
            f"{folder}: {decimal(free)} free, {decimal(need)} needed for {address}; make room, "
            "or let XDG_CACHE_HOME name another folder"
        )


def _state(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_state(part: Path) -> dict[str, Any]:
    return read_json(_state(part)) if _state(part).exists() else {}


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
