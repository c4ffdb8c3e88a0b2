"""What MLflow's scoring server calls, and a bound on what it may be sent."""

import asyncio
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import fastapi
import pandas as pd
from fastapi.middleware import Middleware
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import scoring_server

from galopt.errors import GaloptError
from galopt.prediction.model import MorphologyModel

MAX_BODY = 32 << 20
"""Bytes of the largest request: about 800 galaxies of 30 kB. MLflow itself has no limit."""


class BadRequest(MlflowException):
    """A request that cannot be answered.

    The reply has status 400 and holds the reason alone; MLflow would put the whole input
    before it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, INVALID_PARAMETER_VALUE)
        self.reason = reason

    def serialize_as_json(self) -> str:
        """Return the body of the reply."""
        return json.dumps({"error_code": self.error_code, "message": self.reason})


class PyfuncModel:
    """A model as MLflow wants it."""

    def __init__(self, model: MorphologyModel) -> None:
        self.model = model

    def predict(self, stamps, params=None):  # type: ignore[no-untyped-def]
        """Return a table of vote fractions; the parameters are those of `MorphologyModel.predict`.

        Without type hints, which MLflow would take for a signature.
        """
        images = stamps["stamps"] if isinstance(stamps, dict | pd.DataFrame) else stamps
        try:
            return self.model.predict(images)
        except GaloptError as error:
            raise BadRequest(str(error)) from None


class RequestLimit:
    """ASGI middleware: requests of bounded size, one at a time in the model.

    Parsed JSON takes up to forty times the memory of its text, hence one at a time; the
    model uses every core for one request anyway.

    Parameters
    ----------
    app : ASGI application
    limit : int
        Bytes of the largest body that is let through; a larger one is read to its end,
        without keeping it, and refused with status 413.
    """

    def __init__(self, app: Any, limit: int) -> None:
        self.app, self.limit = app, limit
        self.turn = asyncio.Semaphore(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body, size = await self._read(receive)
        if size > self.limit:
            reason = f"the request has {size:,} bytes; send at most {self.limit:,} at a time"
            reply = fastapi.responses.JSONResponse({"message": reason}, status_code=413)
            await reply(scope, receive, send)
            return
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def once() -> Any:
            return whole.pop() if whole else await receive()

        async with self.turn:
            await self.app(scope, once, send)

    async def _read(self, receive: Any) -> tuple[bytes, int]:
        body, size, more = bytearray(), 0, True
        while more:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            body += part if size <= self.limit else b""
            more = message.get("more_body", False)
        return bytes(body), size


def bound_requests() -> None:
    """Bound the requests of the scoring server that is about to start in this process.

    `mlflow models serve` has no option for it and makes its application right after it has
    loaded the model, which is the one moment at which a model can have a say.
    """
    if scoring_server._SERVER_MODEL_PATH in os.environ:
        bounded = partial(fastapi.FastAPI, middleware=[Middleware(RequestLimit, limit=MAX_BODY)])
        fastapi.FastAPI = bounded  # type: ignore[misc, assignment]


def _load_pyfunc(folder: str) -> PyfuncModel:
    """Load the model for MLflow, which calls this by its name."""
    bound_requests()
    return PyfuncModel(MorphologyModel.load(Path(folder)))
