"""Training galaxies are known again by their pixels."""

import shutil

import pytest

from galopt.paths import DATASET
from galopt.prediction.training_galaxies import training_galaxies


@pytest.fixture
def here(blobs, tmp_path, monkeypatch):
    """Work in a folder whose dataset is the blobs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(blobs.folder, DATASET)
    return blobs


def test_training_galaxies_are_counted_and_others_are_not(here):
    known = training_galaxies(here.info["hash"])
    known.count(here.split("test").images)
    assert known.met == 0
    known.count(here.split("train").images[:7])
    known.count(here.split("train").images[5:9])
    assert known.met == 11


@pytest.mark.parametrize("content", ["another", "", None])
def test_of_another_dataset_nothing_is_known(here, content):
    assert training_galaxies(content) is None


def test_another_dataset_is_not_opened_to_see_which_it_is(here, monkeypatch):
    monkeypatch.setattr("galopt.prediction.training_galaxies.load", pytest.fail)
    assert training_galaxies("another") is None


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_of_a_dataset_that_is_broken_nothing_is_known(here, text):
    (DATASET / "dataset.json").write_text(text)
    assert training_galaxies(here.info["hash"]) is None


def test_without_a_dataset_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert training_galaxies("abc") is None
