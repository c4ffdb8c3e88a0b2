"""What MLflow's scoring server is told, and the bound on what it is sent."""

import asyncio
import json

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from galopt.errors import DataError
from galopt.tracking.pyfunc import PyfuncModel, RequestLimit


class Model:
    """Refuses everything but one galaxy."""

    def predict(self, images):
        """Return a table of one row."""
        if len(images) != 1:
            raise DataError("one galaxy, please")
        return pd.DataFrame({"disk": [0.5]})


@pytest.mark.parametrize(
    "given", [["a"], {"stamps": np.array(["a"])}, pd.DataFrame({"stamps": ["a"]})]
)
def test_images_are_found_wherever_mlflow_puts_them(given):
    assert PyfuncModel(Model()).predict(given)["disk"].tolist() == [0.5]


def test_a_refusal_is_status_400_and_the_reason_alone():
    with pytest.raises(MlflowException) as caught:
        PyfuncModel(Model()).predict(["a", "b"])
    caught.value.message = "Failed to predict data '…'"  # as the scoring server does
    assert caught.value.get_http_status_code() == 400
    assert json.loads(caught.value.serialize_as_json())["message"] == "one galaxy, please"


def ask(parts: list[bytes], limit: int, method: str = "POST") -> tuple[int, bytes, int]:
    """Send a request in parts; return status, reply, and how much the application was given."""
    given, sent = [], []
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def app(scope, receive, send):
        more = True
        while more:
            message = await receive()
            given.append(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"fine"})

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": []}
    asyncio.run(RequestLimit(app, limit)(scope, receive, send))
    assert not messages  # read to its end, so that the client hears the answer
    return sent[0]["status"], sent[1]["body"], len(b"".join(given))


def test_a_body_within_the_bound_is_passed_on():
    assert ask([b"1234", b"56"], limit=6) == (200, b"fine", 6)


def test_a_larger_body_is_refused_and_not_kept():
    status, reply, given = ask([b"1234", b"56", b"7" * 90], limit=6)
    assert status == 413
    assert json.loads(reply)["message"] == "the request has 96 bytes; send at most 6 at a time"
    assert given == 0


def test_requests_without_a_body_are_not_held_back():
    assert ask([], limit=0, method="GET") == (200, b"fine", 0)
