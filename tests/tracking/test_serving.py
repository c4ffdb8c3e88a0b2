"""What one client of `galopt serve` may do, and the others do not notice."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from helpers.hostile import GARBAGE_JSON
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel, scoring_server

from galopt.config import Evaluate, Stamps
from galopt.prediction.model import MorphologyModel
from galopt.tracking.pyfunc import PyfuncModel
from galopt.tracking.serving import MOST_LARGE, RequestLimit


def ask(
    parts: list[bytes], limit: int, method: str = "POST", pause: float = 0, slow: float = 0
) -> tuple[int, bytes, int]:
    """Send a request in parts; return status, reply, and how much the application was given.

    `pause` is the time before each part is sent, `slow` that of taking each part of the answer.
    """
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
        await asyncio.sleep(pause)
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        await asyncio.sleep(slow)
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": []}
    limited = RequestLimit(app, limit, seconds=0.2)

    async def answered():
        await limited(scope, receive, send)
        assert not limited.small.turn.locked()
        assert not limited.large.turn.locked()

    asyncio.run(answered())
    return sent[0]["status"], sent[1]["body"], len(b"".join(given))


def test_a_body_within_the_bound_is_passed_on():
    assert ask([b"1234", b"56"], limit=6) == (200, b"fine", 6)


def test_a_larger_body_is_refused_and_not_kept():
    status, reply, given = ask([b"1234", b"56", b"7" * 90], limit=6)
    assert status == 413
    assert json.loads(reply)["message"] == "the request has 96 bytes; send at most 6 at a time"
    assert given == 0


def test_a_client_that_sends_too_slowly_is_refused():
    status, reply, given = ask([b"1"] * 9, limit=9, pause=0.1)
    assert status == 408
    assert given == 0


def test_a_client_that_does_not_take_its_answer_is_given_up():
    with pytest.raises(IndexError):  # nothing was sent in time
        ask([b"1"], limit=9, slow=0.3)


def test_a_client_that_goes_away_ends_its_request():
    async def app(scope, receive, send):
        raise AssertionError("asked for a request that never came whole")

    async def gone():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError("an answer to nobody")

    scope = {"type": "http", "method": "POST", "headers": []}
    asyncio.run(RequestLimit(app, 9, seconds=0.2)(scope, gone, send))


def test_requests_without_a_body_are_not_held_back():
    assert ask([], limit=0, method="GET") == (200, b"fine", 0)


async def post(limited: RequestLimit, body: bytes, leaves: bool = False) -> int | None:
    """Send a whole request, and perhaps leave; return the status of the answer, if any."""
    sent = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    if leaves:
        messages.append({"type": "http.disconnect"})

    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await limited({"type": "http", "method": "POST", "headers": []}, receive, send)
    return sent[0]["status"] if sent else None


def test_a_small_request_does_not_wait_for_a_large_one():
    asked, large = [], b"," * 99
    free = asyncio.Event()

    async def app(scope, receive, send):
        body = (await receive())["body"]
        asked.append(body)
        if body == large:
            await free.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def all_at_once():
        limited = RequestLimit(app, 99, seconds=9)
        waiting = [asyncio.create_task(post(limited, large)) for _ in range(MOST_LARGE + 1)]
        gone = asyncio.create_task(post(limited, b"gone", leaves=True))
        await asyncio.sleep(0.05)
        assert await post(limited, large) == 503
        assert await post(limited, b"small") == 200
        free.set()
        assert await asyncio.gather(*waiting) == [200] * (MOST_LARGE + 1)
        assert await gone is None

    asyncio.run(all_at_once())
    assert b"gone" not in asked


@contextmanager
def little_is_kept() -> Iterator[None]:
    """Check that the block leaves little in memory, as a large process looks for circles rarely."""
    gc.disable()
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[0] < 4 << 20
    finally:
        tracemalloc.stop()
        gc.enable()


def test_requests_that_end_early_leave_no_memory_taken():
    async def app(scope, receive, send):
        raise AssertionError("asked for a request that never came whole")

    async def send(message):
        raise AssertionError("an answer to nobody")

    async def leave_early():
        limited = RequestLimit(app, 1 << 20, seconds=9)
        for _ in range(20):
            messages = [
                {"type": "http.request", "body": bytes(1 << 20), "more_body": True},
                {"type": "http.disconnect"},
            ]

            async def receive(messages=messages):
                await asyncio.sleep(0)
                return messages.pop(0)

            await limited({"type": "http", "method": "POST", "headers": []}, receive, send)

    with little_is_kept():
        asyncio.run(leave_early())


@pytest.fixture
def served(monkeypatch) -> RequestLimit:
    """Return what `galopt serve` answers with, for a model that is never reached."""
    monkeypatch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
    network = SimpleNamespace(input_shape=(None, 84, 84))
    model = PyfuncModel(MorphologyModel([network], ["disk"], Evaluate(), Stamps()))
    return RequestLimit(scoring_server.init(PyFuncModel(Model(), model)), 1 << 20, seconds=60)


async def invoke(limited: RequestLimit, body: bytes, kind: str | None) -> tuple[int, bytes]:
    """Post a body to a served model; return status and reply."""
    sent = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": headers}
    await limited(scope | {"query_string": b"", "http_version": "1.1"}, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize("kind", ["application/json", "text/csv", None])
@pytest.mark.parametrize(
    "text",
    [*GARBAGE_JSON, '{"inputs": {}}', '{"dataframe_records": []}', "{} " + "long " * 9999, ""],
    ids=["deep", "nan", "surrogate", "digits", "nothing", "no records", "long", "empty"],
)
def test_garbage_has_status_400_and_one_line(served, text, kind):
    status, reply = asyncio.run(invoke(served, text.encode("utf-8", "surrogatepass"), kind))
    assert status == 400
    message = json.loads(reply)["message"]
    assert message
    assert "\n" not in message
    assert len(message) < 600
    assert "Traceback" not in reply.decode()


def test_an_error_that_repeats_the_input_is_cut():
    async def app(scope, receive, send):
        raise ValueError("no number: " + "long " * 99_999)

    status, reply = asyncio.run(invoke(RequestLimit(app, 1 << 20, seconds=9), b"{}", None))
    assert status == 400
    assert reply.startswith(b'{"message":"the request cannot be read: no number: long long')
    assert len(reply) < 700


def test_requests_that_cannot_be_read_leave_no_memory_taken(served):
    async def ask_often():
        for _ in range(9):
            assert (await invoke(served, b"[" * (1 << 20), "application/json"))[0] == 400

    with little_is_kept():
        asyncio.run(ask_often())
