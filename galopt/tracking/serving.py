"""`galopt serve`: MLflow's scoring server with bounds on what strangers may do to it."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from textwrap import shorten
from typing import Any

import fastapi
import uvicorn
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel, scoring_server

from galopt.prediction.model import MorphologyModel
from galopt.prediction.sandboxed_reader import Readers
from galopt.tracking.connections import PATIENCE, BoundedConnection
from galopt.tracking.pyfunc import PyfuncModel
from galopt.tracking.registry import signature

MAX_BODY = 32 << 20
"""Bytes of the largest request: about 800 galaxies of 30 kB. MLflow itself has no limit."""

SMALL, FEW = 1 << 20, 8
"""Bytes, and commas and lines, of a request that does not wait for the large ones."""

MOST_SMALL, MOST_LARGE = 24, 8
"""Requests that wait for their turn; one more has status 503."""

UNREADABLE = (RecursionError, ValueError, AttributeError)
"""What MLflow's parsers raise and it does not answer: JSON too deep, numbers too long, no type."""

LONGEST_REASON = 500
"""Characters of it that a client is told: MLflow repeats the whole input."""

LAST_ANSWERS = 5
"""Seconds that requests in progress have when the server is told to end."""

logger = logging.getLogger(__name__)


def serve(model: MorphologyModel, host: str, port: int) -> None:
    """Answer over HTTP until SIGTERM or Ctrl-C.

    Parameters
    ----------
    model : MorphologyModel
        Opened: its ``origin`` says which.
    host, port
        Where to listen.
    """
    reader = model.reader = Readers(2)  # one for small requests, one for large ones
    served = PyFuncModel(Model(signature=signature(model)), PyfuncModel(model))
    app = RequestLimit(scoring_server.init(served), MAX_BODY, PATIENCE)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host,
            port,
            http=BoundedConnection,
            timeout_graceful_shutdown=LAST_ANSWERS,
            log_level="warning",
        )
    )

    def end(*_: Any) -> None:
        """Leave at once: the threads of a request that was given up would be waited for."""
        reader.close()
        os._exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)  # the server raises the signal again when it has finished
    logger.info(
        f"{model.origin['model']} answers at http://{host}:{port}/invocations; Ctrl-C ends it"
    )
    try:
        server.run()
    finally:
        reader.close()


class Lane:
    """Requests that take turns.

    Parameters
    ----------
    most : int
        How many may wait.
    """

    def __init__(self, most: int) -> None:
        self.most, self.waiting = most, 0
        self.turn = asyncio.Semaphore(1)

    @property
    def full(self) -> bool:
        """Whether no more may wait."""
        return self.waiting >= self.most

    @asynccontextmanager
    async def in_turn(self) -> AsyncIterator[None]:
        """Run the block when those who came before have run theirs."""
        self.waiting += 1
        try:
            await self.turn.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.turn.release()


class RequestLimit:
    """ASGI application: requests of bounded size, one small and one large at a time in the model.

    Parsed JSON takes up to forty times the memory of its text, and a request for many galaxies
    takes seconds, hence the turns; nobody with a galaxy or two waits for those with hundreds.
    A slow client keeps nobody waiting: its request is read before its turn, and its answer is
    sent after.

    Parameters
    ----------
    app : ASGI application
    limit : int
        Bytes of the largest body that is let through; a larger one is read to its end,
        without keeping it, and refused with status 413.
    seconds : float
        What the client may take to send its request, and to take its answer.
    """

    def __init__(self, app: Any, limit: int, seconds: float) -> None:
        self.app, self.limit, self.seconds = app, limit, seconds
        self.small, self.large = Lane(MOST_SMALL), Lane(MOST_LARGE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):  # the task of wait_for would keep the body
                body, size = await self._read(receive)
        except ConnectionError:
            return
        except TimeoutError:
            reply = _refusal(408, f"the request took longer than {self.seconds:.0f} s")
            answer = await _collect(reply, scope, b"", receive)
        else:
            answer = await self._answer(scope, body, size, receive)
        with suppress(TimeoutError):  # the server closes what is not answered in full
            async with asyncio.timeout(self.seconds):
                await _send_all(answer, send)

    async def _answer(
        self, scope: Any, body: bytes, size: int, receive: Any
    ) -> list[dict[str, Any]]:
        if size > self.limit:
            reason = f"the request has {size:,} bytes; send at most {self.limit:,} at a time"
            return await _collect(_refusal(413, reason), scope, b"", receive)
        lane = self.small if _is_small(body) else self.large
        if lane.full:
            reply = _refusal(503, "too many requests are waiting: ask again in a minute")
            return await _collect(reply, scope, b"", receive)
        async with lane.in_turn():
            if await _has_left(receive):
                return []
            return await self._ask(scope, body, receive)

    async def _ask(self, scope: Any, body: bytes, receive: Any) -> list[dict[str, Any]]:
        """Return the application's answer, or why the request cannot be read."""
        try:
            answer = await _collect(self.app, scope, body, receive)
        except UNREADABLE as error:
            error.with_traceback(None)  # a task keeps the error: its frames would keep the request
            reason = f"the request cannot be read: {_short(str(error))}; "
            reply = _refusal(400, reason + "send JSON, CSV or Parquet with its Content-Type")
            return await _collect(reply, scope, b"", receive)
        if not answer or answer[0]["status"] < 400:
            return answer
        reply = _refusal(answer[0]["status"], _reason(answer))
        return await _collect(reply, scope, b"", receive)

    async def _read(self, receive: Any) -> tuple[bytes, int]:
        body, size, more = bytearray(), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            part = message.get("body", b"")
            size += len(part)
            if size <= self.limit:
                body += part
            else:
                body.clear()
            more = message.get("more_body", False)
        return bytes(body), size


def _is_small(body: bytes) -> bool:
    """Whether a request holds few values, be they images or numbers."""
    return len(body) <= SMALL and body.count(b",") + body.count(b"\n") <= FEW


async def _has_left(receive: Any) -> bool:
    """Whether the client, whose request was read, has closed the connection."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            return bool((await receive())["type"] == "http.disconnect")
    return False


async def _collect(app: Any, scope: Any, body: bytes, receive: Any) -> list[dict[str, Any]]:
    """Return what an application answers to a request that was read."""
    answer: list[dict[str, Any]] = []
    whole = [{"type": "http.request", "body": body, "more_body": False}]

    async def once() -> Any:
        return whole.pop() if whole else await receive()

    async def keep(message: dict[str, Any]) -> None:
        answer.append(message)

    await app(scope, once, keep)
    return answer


def _reason(answer: list[dict[str, Any]]) -> str:
    """Return why MLflow refuses, without its stack and most of what was sent."""
    body = b"".join(message.get("body", b"") for message in answer)
    try:
        reason = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        reason = body.decode(errors="replace")
    return _short(reason)


def _short(reason: str) -> str:
    return shorten(reason[: 10 * LONGEST_REASON], LONGEST_REASON, placeholder=" …")


def _refusal(status: int, reason: str) -> Any:
    return fastapi.responses.JSONResponse({"message": reason}, status_code=status)


async def _send_all(answer: list[dict[str, Any]], send: Any) -> None:
    for message in answer:
        await send(message)
