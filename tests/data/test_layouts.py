"""Folders as they lie there: found by themselves where clear, else by a parameter or two."""

import pandas as pd
import pytest
from helpers.layouts import read_layout, write_images

from galopt.errors import DataError

OBJIDS = [str(588848901537202306 + row) for row in range(4)]


@pytest.fixture
def folder(tmp_path):
    """Return a folder of four images that are called like SDSS objects."""
    write_images(tmp_path / "mine", [f"images/{objid}.jpeg" for objid in OBJIDS])
    return tmp_path / "mine"


def table(folder, name="classes.csv", **columns):
    pd.DataFrame({"OBJID": OBJIDS, "CLASS": [0, 1, 1, 0]} | columns).to_csv(
        folder / name, index=False
    )


def test_images_called_like_the_ids_are_found(folder):
    table(folder)
    votes, targets = read_layout(folder, targets=["CLASS"])
    assert targets == ["0", "1"]
    assert votes.id.tolist() == OBJIDS
    assert votes.file.tolist() == [str(folder / "images" / f"{objid}.jpeg") for objid in OBJIDS]


@pytest.mark.parametrize("file", ["images/{OBJID}.jpeg", "path"])
def test_id_and_file_can_be_stated(folder, file):
    table(folder, id=[1, 2, 3, 4], path=[f"images/{objid}.jpeg" for objid in OBJIDS])
    votes, _ = read_layout(folder, id="OBJID", file=file, targets=["CLASS"])
    assert votes.id.tolist() == OBJIDS
    assert votes.file.tolist() == [str(folder / "images" / f"{objid}.jpeg") for objid in OBJIDS]


def test_a_column_of_file_names_is_found_and_gives_the_id(folder):
    table(folder, picture=[f"images/{objid}.jpeg" for objid in OBJIDS], OBJID=["a", "b", "c", "d"])
    votes, _ = read_layout(folder, targets=["CLASS"])
    assert votes.id.tolist() == OBJIDS


def test_absolute_names_inside_and_outside_the_folder_are_taken(folder, tmp_path):
    write_images(tmp_path, ["far.png"])
    inside = [str(folder / "images" / f"{objid}.jpeg") for objid in OBJIDS[1:]]
    table(folder, file=[str(tmp_path / "far.png"), *inside])
    votes, _ = read_layout(folder, id="OBJID", targets=["CLASS"])
    assert votes.file.tolist() == [str(tmp_path / "far.png"), *inside]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"id": "objid"}, "no column objid for survey.folder.id; there are OBJID, CLASS"),
        ({"file": "{NAME}.jpeg"}, "no column NAME for survey.folder.file; there are OBJID, CLASS"),
        ({"file": "{OBJID}.png"}, "4 of 4 ids have no file; name it with survey.folder.file"),
    ],
)
def test_columns_and_patterns_that_fit_nothing_are_named(folder, config, message):
    table(folder)
    with pytest.raises(DataError, match=message):
        read_layout(folder, targets=["CLASS"], **config)


def test_a_table_without_a_name_of_an_image_is_refused(folder):
    table(folder, OBJID=["a", "b", "c", "d"])
    with pytest.raises(DataError, match="no column id, and none of OBJID, CLASS holds names of"):
        read_layout(folder, targets=["CLASS"])


def test_what_could_be_meant_in_two_ways_is_asked(folder):
    table(folder, again=OBJIDS)
    with pytest.raises(DataError, match="OBJID and again both hold names of images"):
        read_layout(folder, targets=["CLASS"])
    write_images(folder, [f"masks/{OBJIDS[2]}.png"])
    table(folder)
    (folder.parent / "mine-survey").rmdir()
    with pytest.raises(DataError, match=f"could be the image of {OBJIDS[2]}; say which"):
        read_layout(folder, targets=["CLASS"])
    table(folder, name="more.csv")
    (folder.parent / "mine-survey").rmdir()
    with pytest.raises(DataError, match=r"both classes\.csv and more\.csv; say which"):
        read_layout(folder, targets=["CLASS"])


def test_what_was_found_is_said_with_the_first_rows(folder, caplog):
    caplog.set_level("INFO")
    (folder / "images" / f"{OBJIDS[0]}.jpeg").unlink()
    write_images(folder, ["images/extra.jpeg"])
    table(folder)
    read_layout(folder, targets=["CLASS"])
    assert caplog.messages[:3] == [
        f"1 of 4 galaxies have no file: {OBJIDS[0]}",
        f"1 images in {folder} have no row: images/extra.jpeg",
        f"{folder}/classes.csv: 4 galaxies; one class per galaxy, CLASS, out of 0, 1",
    ]
    assert caplog.messages[3] == f"  {OBJIDS[0]}: 0 ({folder}/{OBJIDS[0]})"
    assert len(caplog.messages) == 6


@pytest.mark.parametrize("words", [["train", "valid", "test"], ["Training", "val", "TEST"]])
def test_a_column_of_splits_is_kept(folder, words):
    table(folder, Split=[words[0], *words])
    votes, _ = read_layout(folder, targets=["CLASS"])
    assert votes.split.tolist() == ["train", "train", "validation", "test"]


def test_a_column_of_splits_with_another_word_is_refused(folder):
    table(folder, split=["train", "train", "test", "later"])
    with pytest.raises(DataError, match=r"line 5 .*: split is later; it is train, validation"):
        read_layout(folder, targets=["CLASS"])


def test_one_folder_per_class(tmp_path):
    names = ["spiral/1.jpg", "spiral/deep/2.jpg", "elliptical/3.jpg", "elliptical/4.jpg"]
    write_images(tmp_path / "mine", names)
    votes, targets = read_layout(tmp_path / "mine")
    assert targets == ["elliptical", "spiral"]
    assert dict(zip(votes.id, votes.spiral, strict=True)) == {"1": 1, "2": 1, "3": 0, "4": 0}


def test_one_folder_per_class_within_the_splits(tmp_path):
    names = [f"{split}/{kind}/1.jpg" for split in ("train", "valid", "test") for kind in "ab"]
    write_images(tmp_path / "mine", [*names, "train/a/2.jpg"])
    votes, targets = read_layout(tmp_path / "mine")
    assert targets == ["a", "b"]
    assert votes.split.value_counts().to_dict() == {"train": 3, "validation": 2, "test": 2}
    assert "train/a/1" in set(votes.id)


@pytest.mark.parametrize(
    ("stray", "message"), [("c.jpg", "c.jpg lies in no folder"), ("other/c.jpg", "in none of the")]
)
def test_an_image_beside_the_classes_is_named(tmp_path, stray, message):
    names = ["train/a/1.jpg", "test/b/2.jpg"] if "/" in stray else ["a/1.jpg", "b/2.jpg"]
    write_images(tmp_path / "mine", [*names, stray])
    with pytest.raises(DataError, match=message):
        read_layout(tmp_path / "mine")
