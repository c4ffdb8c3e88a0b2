"""The page's API, asked as the page asks it; in Chromium: tests/services/test_label.py."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import pytest
import uvicorn
from PIL import Image

from galopt.errors import DataError
from galopt.labelling.answers import Answers
from galopt.labelling.app import make_app
from galopt.labelling.order import Order
from galopt.labelling.session import Session

GALAXIES = 6


@pytest.fixture
def session(tmp_path) -> Session:
    ids = [f"g{number}" for number in range(GALAXIES)]
    galaxies = pd.DataFrame({"id": ids, "file": [f"{tmp_path}/{name}.jpg" for name in ids]})
    answers = Answers(tmp_path / "votes.answers", ["spheroid", "disk"])
    return Session(galaxies, answers, Order(galaxies=GALAXIES), tmp_path / "votes.csv", people=2)


def draw(file):
    if file.stem == "g0":
        raise DataError(f"{file}: no image")
    return Image.fromarray(np.full((8, 8), 100, np.uint8))


@pytest.fixture
def address(session):
    """Serve the page in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(session, draw), log_level="error"))
    server.install_signal_handlers = lambda: None
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def ask(address, path, body=None, **headers):
    """Return the status and the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | headers
    request = urllib.request.Request(address + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            content = reply.read()
            kind = reply.headers["Content-Type"]
            return reply.status, json.loads(content) if "json" in kind else content
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_two_people_see_each_galaxy_once_and_the_votes_are_written(session, address, tmp_path):
    shown = {who: ask(address, "/api/next", {"person": who})[1] for who in ("Ann", "Bob")}
    reloaded = ask(address, "/api/next", {"person": "Ann"})[1]
    assert reloaded == shown["Ann"]
    seen = {"Ann": [], "Bob": []}
    for _ in range(GALAXIES):
        for who in seen:
            number = shown[who]["number"]
            seen[who].append(number)
            body = {"person": who, "number": number, "ticks": ["disk"] if number % 2 else []}
            status, shown[who] = ask(address, "/api/answer", body)
            assert status == 200
    assert sorted(seen["Ann"]) == sorted(seen["Bob"]) == list(range(GALAXIES))
    assert shown["Ann"]["number"] is None
    assert shown["Bob"] == {"number": None, "id": None, "yours": 6, "done": 6, "galaxies": 6}
    assert ask(address, "/api/next", {"person": "Cleo"})[1]["number"] is None
    (pair,) = ask(address, "/api/agreement")[1]
    assert pair == {"people": "Ann, Bob", "galaxies": 3, "same": 1.0, "kappa": None}
    end = time.monotonic() + 30
    while not (tmp_path / "votes.csv").exists() or len(pd.read_csv(tmp_path / "votes.csv")) < 3:
        assert time.monotonic() < end
    again = Session(session.galaxies, Answers(session.answers.path), session.order, session.votes)
    assert again.show("Ann")["yours"] == 6


def test_undo_shows_the_last_galaxy_again(address):
    first = ask(address, "/api/next", {"person": "Ann"})[1]["number"]
    body = {"person": "Ann", "number": first, "ticks": ["disk"]}
    assert ask(address, "/api/answer", body)[1]["number"] != first
    assert ask(address, "/api/answer", body)[0] == 409  # two keys at once
    taken_back = ask(address, "/api/undo", {"person": "Ann"})[1]
    assert (taken_back["number"], taken_back["yours"]) == (first, 0)
    assert ask(address, "/api/answer", body)[0] == 200


def test_a_galaxy_that_another_began_comes_first(address):
    number = ask(address, "/api/next", {"person": "Ann"})[1]["number"]
    ask(address, "/api/answer", {"person": "Ann", "number": number, "ticks": ["disk"]})
    assert ask(address, "/api/next", {"person": "Bob"})[1]["number"] == number


def test_what_other_pages_or_wrong_requests_ask_is_refused(address):
    body = {"person": "Ann", "number": 0, "ticks": ["disk"]}
    assert ask(address, "/api/answer", body, **{"Content-Type": "text/plain"})[0] == 422
    assert ask(address, "/api/next", {"person": "Ann"}, Host="evil.example")[0] == 400
    assert ask(address, "/api/next", {"person": "  "})[0] == 422
    assert ask(address, "/api/answer", body | {"number": 99})[0] == 409
    assert ask(address, "/api/answer", body | {"ticks": ["merger"]})[0] == 409
    assert ask(address, "/galaxies/99")[0] == 404
    assert ask(address, "/galaxies/0")[0] == 422
    assert ask(address, "/galaxies/1")[1][:2] == b"\xff\xd8"


def test_the_page_names_the_classes_and_escapes_them(address):
    page = ask(address, "/")[1].decode()
    assert 'value="spheroid"' in page
    assert "http" not in page.replace("http://www.w3.org", "").split("</style>")[1]
