"""`galopt serve`: MLflow's scoring server with bounds on what strangers may do to it."""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from typing import Any

import fastapi
import uvicorn
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel, scoring_server
from uvicorn.protocols.http.h11_impl import H11Protocol

from galopt.prediction.model import MorphologyModel
from galopt.prediction.sandboxed_reader import Reader
from galopt.tracking.pyfunc import PyfuncModel
from galopt.tracking.registry import signature

MAX_BODY = 32 << 20
"""Bytes of the largest request: about 800 galaxies of 30 kB. MLflow itself has no limit."""

MAX_CONNECTIONS = 32
"""Beyond them the answer is status 503; their bodies together stay within 1 GiB."""

PATIENCE = 30.0
"""Seconds that a client may take to ask, and to take its answer."""

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
    reader = model.reader = Reader()
    served = PyFuncModel(Model(signature=signature(model)), PyfuncModel(model))
    app = scoring_server.init(served)
    app.add_middleware(RequestLimit, limit=MAX_BODY, seconds=PATIENCE)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host,
            port,
            http=PromptProtocol,
            limit_concurrency=MAX_CONNECTIONS,
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


class PromptProtocol(H11Protocol):
    """HTTP with clients that ask within `PATIENCE`, or are hung up on."""

    def connection_made(self, transport: Any) -> None:
        """Give the client its time."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._hang_up_if_silent)

    def _hang_up_if_silent(self) -> None:
        if self.cycle is None:
            self.transport.close()


class RequestLimit:
    """ASGI middleware: requests of bounded size, one at a time in the model.

    Parsed JSON takes up to forty times the memory of its text, hence one at a time; the
    model uses every core for one request anyway. A slow client keeps nobody waiting: its
    request is read before its turn, and its answer is sent after.

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
        self.turn = asyncio.Semaphore(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = b""
        try:
            body, size = await asyncio.wait_for(self._read(receive), self.seconds)
        except ConnectionError:
            return
        except TimeoutError:
            reply = _refusal(408, f"the request took longer than {self.seconds:.0f} s")
        else:
            reply = self.app
            if size > self.limit:
                reason = f"the request has {size:,} bytes; send at most {self.limit:,} at a time"
                reply = _refusal(413, reason)
        answer: list[dict[str, Any]] = []
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def once() -> Any:
            return whole.pop() if whole else await receive()

        async def keep(message: dict[str, Any]) -> None:
            answer.append(message)

        async with self.turn:
            await reply(scope, once, keep)
        with suppress(TimeoutError):  # the server closes what is not answered in full
            await asyncio.wait_for(_send_all(answer, send), self.seconds)

    async def _read(self, receive: Any) -> tuple[bytes, int]:
        body, size, more = bytearray(), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            part = message.get("body", b"")
            size += len(part)
            body += part if size <= self.limit else b""
            more = message.get("more_body", False)
        return bytes(body), size


def _refusal(status: int, reason: str) -> Any:
    return fastapi.responses.JSONResponse({"message": reason}, status_code=status)


async def _send_all(answer: list[dict[str, Any]], send: Any) -> None:
    for message in answer:
        await send(message)
