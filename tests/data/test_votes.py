"""A votes table is the same in every format, and class names become fractions."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from PIL import Image

from galopt.config import Folder
from galopt.data.survey.folder import read_folder
from galopt.data.survey.targets import find_targets
from galopt.errors import DataError
from galopt.files import read_json

VOTES = pd.DataFrame(
    {
        "id": ["001", "b", "c"],
        "file": ["deep/er/a.png", "b.png", "c.png"],
        "n_votes": [10, 20, 30],
        "smooth": [0.25, 0.5, 1.0],
        "featured": [0.75, 0.5, 0.0],
    }
)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with three stamps, one of them two folders down."""
    (tmp_path / "mine" / "deep" / "er").mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 255, (40, 40)).astype("uint8")
    for name in VOTES.file:
        Image.fromarray(pixels).save(tmp_path / "mine" / name)
    return tmp_path / "mine"


def write(votes, path):
    table = Table.from_pandas(votes)
    match path.suffix:
        case ".csv" | ".txt":
            votes.to_csv(path, index=False)
        case ".parquet":
            votes.to_parquet(path)
        case ".fits":
            table.write(path, format="fits")
        case _:
            table.write(path, format="votable")


def read(folder, out, **config):
    out.mkdir()
    read_folder(Folder(path=str(folder), **config), out)
    votes = pd.read_csv(out / "votes.csv", dtype={"id": str})
    return votes, read_json(out / "survey.json")["targets"]


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet", "votes.fits", "votes.vot"])
def test_the_format_does_not_matter(folder, tmp_path, name):
    write(VOTES, folder / name)
    votes, targets = read(folder, tmp_path / "survey")
    assert targets == ["smooth", "featured"]
    assert votes.file.tolist() == [str(folder / name) for name in VOTES.file]
    pd.testing.assert_frame_equal(votes.drop(columns="file"), VOTES.drop(columns="file"))


@pytest.mark.parametrize("name", ["other.txt", "other.parquet", "other.fits", "other.xml"])
def test_a_table_can_be_named(folder, tmp_path, name):
    write(VOTES, folder / name)
    (folder / "votes.csv").touch()
    votes, _ = read(folder, tmp_path / "survey", votes=name)
    assert votes.id.tolist() == ["001", "b", "c"]


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet", "votes.fits", "votes.vot"])
def test_wrong_cells_are_named_in_every_format(folder, tmp_path, name):
    write(VOTES.assign(smooth=[0.25, 1.5, 1.0]), folder / name)
    row = "line 3" if name == "votes.csv" else "row 2"
    with pytest.raises(DataError, match=rf"{name}, {row} \(id b\): smooth is 1.5"):
        read(folder, tmp_path / "survey")


def test_masked_cells_are_named(folder, tmp_path):
    table = Table.from_pandas(VOTES)
    table["smooth"] = MaskedColumn([0, 1, 1], mask=[False, False, True])
    table["bars"] = np.zeros((3, 2))
    table.write(folder / "votes.fits")
    with pytest.raises(DataError, match=r"row 3 \(id c\): smooth is"):
        read(folder, tmp_path / "survey")


@pytest.mark.parametrize("name", ["votes.parquet", "votes.fits", "votes.vot"])
def test_damaged_tables_are_refused(folder, tmp_path, name):
    (folder / name).write_bytes(b"no table at all")
    with pytest.raises(DataError, match=f"{name}: not a .* table"):
        read(folder, tmp_path / "survey")


def test_two_tables_are_one_too_many(folder, tmp_path):
    write(VOTES, folder / "votes.csv")
    write(VOTES, folder / "votes.fits")
    with pytest.raises(DataError, match=r"both votes\.csv and votes\.fits; .*folder\.votes"):
        read(folder, tmp_path / "survey")


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet", "votes.fits", "votes.vot"])
@pytest.mark.parametrize("targets", [None, ["kind"]])
def test_class_names_become_fractions(folder, tmp_path, name, targets):
    table = VOTES[["id", "file"]].assign(kind=["spiral (barred)", "E", "spiral (barred)"])
    if targets:
        table["redshift"] = 0.5
    write(table, folder / name)
    votes, classes = read(folder, tmp_path / "survey", targets=targets)
    assert classes == ["E", "spiral_barred_"]
    assert votes[classes].to_numpy().tolist() == [[0, 1], [1, 0], [0, 1]]
    assert list(votes) == ["id", "file", *classes]


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (["E", None, "S"], r"line 3 \(id b\): kind is empty"),
        (["E", "e ", "S"], "classes 'E' and 'e' of kind are written too much alike"),
        (["S a", "S-a", "S/a"], "classes 'S a' and 'S/a'"),
        (["E", "E", "E"], "kind has 1 different values in 3 rows"),
        (["E", "S", "I"], "kind has 3 different values in 3 rows"),
        (["ra", "S", "S"], "may not be called ra"),
    ],
)
def test_names_that_are_no_classes_are_refused(folder, tmp_path, kinds, message):
    write(VOTES[["id", "file"]].assign(kind=kinds), folder / "votes.csv")
    with pytest.raises(DataError, match=message):
        read(folder, tmp_path / "survey")


def test_class_names_in_digits_are_classes(folder, tmp_path):
    names = pd.DataFrame({"kind": ["1", "2", "2"]})
    assert find_targets(names, None, "fractions", tmp_path) == ["kind"]
    more = names.assign(ra=1.0, note=["3", "4", "5"])
    assert find_targets(more, ["kind"], "fractions", tmp_path) == ["kind"]


def test_fractions_win_over_a_comment(folder, tmp_path):
    write(VOTES.assign(comment=["good", "good", "bad"]), folder / "votes.csv")
    assert read(folder, tmp_path / "survey")[1] == ["smooth", "featured"]
