"""A folder of stamps and votes becomes a survey, and every mistake is named."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from galopt.config import Folder
from galopt.data.survey.folder import read_folder
from galopt.errors import ConfigError, DataError
from galopt.files import read_json


@pytest.fixture
def stamps(tmp_path):
    """Return a folder of three stamps, and what its votes table says."""
    folder = tmp_path / "mine"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for name in "abc":
        pixels = rng.integers(0, 255, (40, 40)).astype("uint8")
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    table = pd.DataFrame(
        {
            "id": ["001", "b", "c"],
            "file": ["images/a.png", "images/b.png", "images/c.png"],
            "n_votes": [10, 20, 30],
            "smooth": [0.2, 0.5, 1.0],
            "featured": [0.8, 0.5, 0.0],
        }
    )
    return folder, table


def read(folder, table, tmp_path, **config):
    table.to_csv(folder / "votes.csv", index=False)
    out = tmp_path / "survey"
    out.mkdir()
    read_folder(Folder(path=str(folder), **config), out)
    return pd.read_csv(out / "votes.csv", dtype={"id": str}), read_json(out / "survey.json")


def test_a_folder_becomes_a_survey(stamps, tmp_path):
    folder, table = stamps
    votes, survey = read(folder, table, tmp_path)
    assert survey == {
        "source": "folder",
        "name": "mine",
        "targets": ["smooth", "featured"],
    }
    assert list(votes.id) == ["001", "b", "c"]
    assert votes.file[0] == str(folder / "images" / "a.png")
    pd.testing.assert_frame_equal(votes.drop(columns="file"), table.drop(columns="file"))


def test_a_sum_that_is_the_same_for_all_is_said_once(stamps, tmp_path, caplog):
    caplog.set_level("INFO", "galopt")
    folder, table = stamps
    read(folder, table, tmp_path)
    assert "the fractions of a galaxy sum to 1;" in f"{caplog.text};".replace("\n", ";")
    assert "1 to 1" not in caplog.text


def test_targets_and_table_can_be_named(stamps, tmp_path):
    folder, table = stamps
    table.to_csv(folder / "other.csv", index=False)
    table = table.drop(columns="featured")
    votes, survey = read(folder, table, tmp_path, votes="other.csv", targets=["featured"])
    assert survey["targets"] == ["featured"]
    assert "smooth" not in votes


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("smooth", 1, 1.3, r"votes.csv, line 3 \(id b\): smooth is 1.3"),
        ("smooth", 0, np.nan, r"line 2 \(id 001\): smooth is empty; where a question was not"),
        ("smooth", 0, "many", r"line 2 \(id 001\): smooth is 'many', not a number"),
        ("id", 1, "c", r"line 4 \(id c\): the id is there twice"),
        ("id", 1, None, "line 3 .*the id is empty"),
        ("n_votes", 1, 0, r"line 3 \(id b\): n_votes is 0"),
        ("n_votes", 1, 2.5, "n_votes is 2.5"),
        ("dec", 1, 95.0, r"line 3 \(id b\): dec is 95.0; it is empty, or within -90 and 90"),
        ("ra", 0, "east", r"line 2 \(id 001\): ra is east"),
    ],
)
def test_a_wrong_cell_is_named(stamps, tmp_path, column, row, value, message):
    folder, table = stamps
    table = table.assign(ra=[1.0, 2.0, np.nan], dec=0.5)
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    with pytest.raises(DataError, match=message):
        read(folder, table, tmp_path, targets=["smooth", "featured"])


def test_missing_targets_are_named(stamps, tmp_path):
    folder, table = stamps
    with pytest.raises(DataError, match="no column bars .* there are smooth, featured"):
        read(folder, table, tmp_path, targets=["bars"])


def test_a_word_among_numbers_does_not_lose_the_column(stamps, tmp_path):
    folder, table = stamps
    table["smooth"] = ["0.2", "many", "1.0"]
    with pytest.raises(DataError, match=r"line 3 \(id b\): smooth is 'many', not a number"):
        read(folder, table, tmp_path)


@pytest.mark.parametrize("name", ["overall", "floor", "mag", "smooth (%)"])
def test_a_target_whose_name_is_taken_or_cannot_be_logged_is_refused(stamps, tmp_path, name):
    folder, table = stamps
    with pytest.raises(DataError, match="may not be called"):
        read(folder, table.rename(columns={"smooth": name}), tmp_path)


def test_no_target_at_all_is_refused(stamps, tmp_path):
    folder, table = stamps
    with pytest.raises(DataError, match="no column of vote fractions"):
        read(folder, table[["id", "file"]], tmp_path)


def test_unusable_folders_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"survey\.folder\.path"):
        read_folder(Folder(), tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        read_folder(Folder(path=str(tmp_path / "absent")), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="the folder is empty"):
        read_folder(Folder(path=str(tmp_path / "empty")), tmp_path)
    (tmp_path / "empty" / "a.txt").touch()
    with pytest.raises(DataError, match="neither a table of votes .*, nor arrays, nor images"):
        read_folder(Folder(path=str(tmp_path / "empty")), tmp_path)
    (tmp_path / "empty" / "votes.csv").touch()
    with pytest.raises(DataError, match="not a CSV table"):
        read_folder(Folder(path=str(tmp_path / "empty")), tmp_path)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "images/../../votes.csv"])
def test_a_path_outside_the_folder_is_refused(stamps, tmp_path, name):
    folder, table = stamps
    table.loc[1, "file"] = name
    with pytest.raises(DataError, match="line 3 .id b.: .* is outside the folder"):
        read(folder, table, tmp_path)
