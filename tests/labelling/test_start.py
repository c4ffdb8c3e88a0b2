"""From files and a model to a session."""

import shutil
import socket

import numpy as np
import pytest
from helpers.model import network
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.config import Evaluate, Stamps
from galopt.errors import DataError, GaloptError
from galopt.labelling.answers import Answers
from galopt.labelling.start import answers_beside, drawer, random_session, serve, taught_session
from galopt.prediction.model import MorphologyModel

TARGETS = ["spheroid", "disk"]


@pytest.fixture
def folder(blobs, tmp_path):
    """Return a folder with nine galaxies, two of which look the same, and a text."""
    (tmp_path / "my").mkdir()
    for number in range(8):
        shutil.copy(blobs.folder.parent / "stamps" / f"g{number}.jpg", tmp_path / "my")
    shutil.copy(tmp_path / "my" / "g0.jpg", tmp_path / "my" / "same.jpg")
    (tmp_path / "my" / "text.jpg").write_text("no image")
    return tmp_path / "my"


def test_a_model_asks_for_what_it_does_not_know_and_leaves_out_what_it_cannot_read(folder, caplog):
    model = MorphologyModel([network()], TARGETS, Evaluate(), Stamps())
    answers = Answers(folder / "votes.answers", TARGETS)
    answers.add("Ann", "g0", folder / "g0.jpg", ["disk"])
    files = sorted(folder.glob("*.jpg"))
    session = taught_session(model, files, answers, folder / "votes.csv", people=1)
    assert len(session.galaxies) == 9
    assert "1 of 10 images cannot be read" in caplog.text
    seen = []
    for _ in range(8):
        shown = session.show("Bob")
        seen.append(shown["id"])
        session.answer("Bob", shown["number"], ["disk"])
    assert session.show("Bob")["number"] is None  # g0 has the vote of one person, as wanted
    assert seen[-1] == "same"
    assert sorted(seen[:-1]) == [f"g{number}" for number in range(1, 8)]


def test_votes_that_somebody_else_wrote_are_never_replaced(folder):
    (folder / "votes.csv").write_text("id,disk\ng0,1\n")
    with pytest.raises(DataError, match="not by galopt label"):
        answers_beside(folder / "votes.csv", TARGETS, several=False)
    words = ["label", str(folder), "--targets", "a,b", "--no-browser"]
    assert "votes.csv exists" in str(CliRunner().invoke(app, words).exception)


def test_a_port_that_is_taken_is_said(folder):
    answers = answers_beside(folder / "votes.csv", TARGETS, several=False)
    session = random_session(sorted(folder.glob("g*.jpg")), answers, folder / "votes.csv", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GaloptError, match=f"port {port}: .*--port"):
            serve(session, drawer(Stamps(), ["grey"]), port, browser=False)


def test_people_see_a_galaxy_large_and_stretched(folder):
    image = drawer(Stamps(), ["grey"])(folder / "g3.jpg")
    assert image.size == (454, 454)
    assert np.ptp(np.asarray(image)) > 100
