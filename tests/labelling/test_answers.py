"""What people answered, and the votes that galopt reads."""

import sqlite3
import subprocess
import sys

import pandas as pd
import pytest

from galopt.config.load import build_config
from galopt.data.survey import make_survey
from galopt.errors import DataError
from galopt.labelling.agreement import agreement
from galopt.labelling.answers import Answers

TARGETS = ["spheroid", "disk"]


@pytest.fixture
def answers(tmp_path) -> Answers:
    return Answers(tmp_path / "votes.answers", TARGETS)


def test_votes_are_shares_of_those_who_could_tell(answers, tmp_path):
    for person, galaxy, ticks in (
        ("Ann", "g0", ["disk"]),
        ("Bob", "g0", ["spheroid"]),
        ("Cleo", "g0", ["disk"]),
        ("Dan", "g0", []),
        ("Ann", "g1", []),
        ("Bob", "g2", ["spheroid"]),
    ):
        answers.add(person, galaxy, tmp_path / f"{galaxy}.jpg", ticks)
    votes = answers.votes().set_index("id")
    assert votes.loc["g0"].to_dict() == {
        "file": "g0.jpg",
        "n_votes": 3,
        "spheroid": pytest.approx(1 / 3, abs=1e-6),
        "disk": pytest.approx(2 / 3, abs=1e-6),
    }
    assert list(votes.index) == ["g0", "g2"]


def test_an_answer_outlives_a_process_that_is_killed(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from galopt.labelling.answers import Answers\n"
        "answers = Answers(Path(sys.argv[1]), ['spheroid', 'disk'])\n"
        "answers.add('Ann', 'g0', Path('g0.jpg'), ['disk'])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "votes.answers"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -9
    again = Answers(path)
    assert again.targets == TARGETS
    assert again.table()["ticks"].tolist() == [("disk",)]


def test_nobody_answers_twice_and_the_last_answer_can_be_taken_back(answers, tmp_path):
    answers.add("Ann", "g0", tmp_path / "a", ["disk"])
    answers.add("Ann", "g1", tmp_path / "a", ["disk"])
    answers.add("Bob", "g0", tmp_path / "a", ["disk"])
    with pytest.raises(DataError, match="Ann has answered for g0"):
        answers.add("Ann", "g0", tmp_path / "a", ["spheroid"])
    assert answers.undo("Ann") == "g1"
    assert answers.undo("Ann") == "g0"
    assert answers.undo("Ann") is None
    assert answers.table()["person"].tolist() == ["Bob"]


@pytest.mark.parametrize("ticks", [["merger"], ["spheroid", "disk"]])
def test_what_was_not_asked_is_no_answer(answers, tmp_path, ticks):
    with pytest.raises(DataError, match="no answer to what is asked"):
        answers.add("Ann", "g0", tmp_path / "a", ticks)
    assert answers.table().empty


def test_a_database_asks_what_it_asked(answers, tmp_path):
    path = answers.path
    with pytest.raises(DataError, match="asks for spheroid, disk"):
        Answers(path, ["spiral", "smooth"])
    assert Answers(path, TARGETS, several=True).several is False
    for targets in (["a", "A"], ["a"], ["id", "b"], ["a", ""]):
        with pytest.raises(DataError, match="--targets"):
            Answers(tmp_path / "new.answers", targets)
        assert not (tmp_path / "new.answers").exists()
    with pytest.raises(DataError, match="nothing asked yet"):
        Answers(tmp_path / "new.answers")
    (tmp_path / "text.answers").write_text("no database, whatever its name may say")
    with pytest.raises(DataError, match="no answers of galopt label"):
        Answers(tmp_path / "text.answers")
    sqlite3.connect(path).close()


def test_galopt_reads_the_votes_as_a_folder_survey(blobs, tmp_path):
    (tmp_path / "my").mkdir()
    answers = Answers(tmp_path / "my" / "votes.answers", TARGETS, several=True)
    for number in range(12):
        file = tmp_path / "my" / f"g{number}.jpg"
        file.write_bytes((blobs.folder.parent / "stamps" / file.name).read_bytes())
        answers.add("Ann", f"g{number}", file, TARGETS if number % 2 else ["disk"])
        answers.add("Bob", f"g{number}", file, ["spheroid"])
    answers.write_votes(tmp_path / "my" / "votes.csv")
    config = build_config(
        {"survey": {"source": "folder", "folder": {"path": str(tmp_path / "my")}}}
    )
    make_survey(config, tmp_path / "survey")
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv")
    assert votes["n_votes"].tolist() == [2] * 12
    assert votes["spheroid"].tolist() == [0.5, 1] * 6
    assert votes["disk"].tolist() == [0.5] * 12


def test_agreement_is_one_for_the_same_and_nought_for_chance():
    same = [("Ann", f"g{n}", (t,)) for n, t in enumerate("aabb")]
    other = [("Bob", f"g{n}", (t,)) for n, t in enumerate("abab")]
    third = [("Cleo", f"g{n}", (t,)) for n, t in enumerate("aabb")] + [("Cleo", "g9", ("a",))]
    table = pd.DataFrame([*same, *other, *third], columns=["person", "galaxy", "ticks"])
    found = agreement(table).set_index("people")
    assert found.loc["Ann, Cleo"].to_dict() == {"galaxies": 4, "same": 1, "kappa": 1}
    assert found.loc["Ann, Bob"].to_dict() == {"galaxies": 4, "same": 0.5, "kappa": 0}
    assert agreement(table[table["person"] == "Ann"]).empty
