"""The rescaled dataset: what is built is what is loaded."""

import numpy as np
import pandas as pd
import pytest
from helpers.galaxies import write_survey
from PIL import Image

from galopt.config.load import load_config
from galopt.data import dataset
from galopt.data.imaging.stamp_files import read_stamp
from galopt.data.quality import check_dataset
from galopt.data.rescale import build_dataset
from galopt.errors import DataError
from galopt.files import write_json

CONFIG = load_config("params.yaml")


def test_images_follow_the_catalogue(blobs):
    for name in ("train", "validation", "test"):
        split = blobs.split(name)
        assert len(split) == blobs.info["counts"][name]
        for row in (0, len(split) - 1):
            file = blobs.folder.parent / "stamps" / f"{split.catalog['id'][row]}.jpg"
            np.testing.assert_array_equal(split.images[row], read_stamp(file, 84))
        np.testing.assert_allclose(split.fractions, split.catalog[["spheroid", "disk"]], rtol=1e-6)


def test_the_splits_share_no_galaxy(blobs):
    names = [set(blobs.split(name).catalog["id"]) for name in ("train", "validation", "test")]
    assert len(set.union(*names)) == sum(map(len, names)) == 200


def test_rescaling_keeps_the_picture(tmp_path):
    y, x = np.mgrid[:454, :454]
    picture = np.round(127 + 100 * np.sin(x / 40) * np.cos(y / 60)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "stamp.jpg", quality=95)
    rescaled = read_stamp(tmp_path / "stamp.jpg", 84)[..., 0]
    centres = ((np.arange(84) + 0.5) * 454 / 84).astype(int)
    assert np.abs(rescaled.astype(int) - picture[np.ix_(centres, centres)]).max() < 12


def test_the_same_survey_gives_the_same_hash(tmp_path, blobs):
    write_survey(tmp_path, 200)
    assert build_dataset(CONFIG, tmp_path, tmp_path / "dataset").info["hash"] == blobs.info["hash"]


def test_fractions_are_scaled_to_sum_to_one_or_left_raw(tmp_path):
    write_survey(tmp_path, 60)
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv")
    votes[["spheroid", "disk"]] /= 2
    votes.to_csv(tmp_path / "survey" / "votes.csv", index=False)
    normalised = build_dataset(CONFIG, tmp_path, tmp_path / "a").split("train").fractions
    np.testing.assert_allclose(normalised.sum(axis=1), 1, rtol=1e-5)
    raw = load_config("params.yaml", "survey.fractions=raw")
    fractions = build_dataset(raw, tmp_path, tmp_path / "b").split("train").fractions
    np.testing.assert_allclose(fractions.sum(axis=1), 0.5, rtol=1e-5)


def test_the_floor_is_known_where_voters_gave_one_answer_or_fractions_are_raw(tmp_path):
    raw = load_config("params.yaml", "survey.fractions=raw")
    for number, (scale, config, known) in enumerate(
        [(1, CONFIG, True), (0.5, CONFIG, False), (0.5, raw, True)]
    ):
        folder = tmp_path / str(number)
        write_survey(folder, 60)
        votes = pd.read_csv(folder / "survey" / "votes.csv")
        votes[["spheroid", "disk"]] *= scale
        votes.to_csv(folder / "survey" / "votes.csv", index=False)
        built = build_dataset(config, folder, folder / "dataset")
        assert (built.info["floor"] is not None) == known


def test_a_galaxy_without_a_single_vote_cannot_be_normalised(tmp_path):
    write_survey(tmp_path, 60)
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv")
    votes.loc[7, ["spheroid", "disk"]] = 0.0
    votes.to_csv(tmp_path / "survey" / "votes.csv", index=False)
    with pytest.raises(DataError, match="'g7': no votes at all"):
        build_dataset(CONFIG, tmp_path, tmp_path / "dataset")
    assert not (tmp_path / "dataset").exists()


def survey_of(folder, fractions):
    """Write a survey of 60 galaxies with other targets; return its configuration's result."""
    write_survey(folder, 60)
    votes = pd.read_csv(folder / "survey" / "votes.csv")[["id", "n_votes"]]
    votes.join(pd.DataFrame(fractions)).to_csv(folder / "survey" / "votes.csv", index=False)
    survey = {"source": "folder", "name": "blobs", "targets": list(fractions)}
    write_json(folder / "survey" / "survey.json", survey)
    return build_dataset(CONFIG, folder, folder / "dataset")


def test_one_fraction_is_not_scaled(tmp_path):
    smooth = np.linspace(0, 1, 60)
    built = survey_of(tmp_path, {"smooth": smooth})
    assert built.info["fractions"] == "raw"
    assert sorted(built.catalog.smooth) == pytest.approx(smooth)
    titles = [finding.title for finding in check_dataset(built).findings]
    assert not [title for title in titles if "fractions" in title]


def test_answers_to_several_questions_are_not_scaled(tmp_path):
    first, second = np.linspace(0, 1, 60), np.linspace(0.5, 0, 60)
    answers = {"Class1.1": first, "Class1.2": 1 - first, "Class2.1": second, "Class2.2": second}
    built = survey_of(tmp_path, answers)
    assert built.info["fractions"] == "raw"
    assert sorted(built.catalog["Class1.1"]) == pytest.approx(first)
    titles = [finding.title for finding in check_dataset(built).findings]
    assert "The fractions answer 2 questions and do not sum to one" in titles


def test_fractions_far_from_one_say_what_to_set(tmp_path):
    answers = {f"answer{number}": np.full(60, 0.5) for number in range(6)}
    with pytest.raises(DataError, match="sum to 3 .* set survey.fractions: raw"):
        survey_of(tmp_path, answers)


def test_fractions_of_voters_who_tick_several_answers_are_scaled(tmp_path):
    built = survey_of(tmp_path, {"disk": np.full(60, 0.9), "irregular": np.full(60, 0.4)})
    assert built.info["fractions"] == "normalised"
    assert built.catalog.disk.tolist() == pytest.approx([0.9 / 1.3] * 60)


def test_the_survey_s_splits_are_kept(tmp_path):
    split = np.array(["test", "train", "validation"])[np.arange(60) % 3]
    write_survey(tmp_path, 60)
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv").assign(split=split)
    votes.to_csv(tmp_path / "survey" / "votes.csv", index=False)
    catalog = build_dataset(CONFIG, tmp_path, tmp_path / "dataset").catalog.set_index("id")
    assert catalog.loc[votes["id"], "split"].tolist() == split.tolist()


def test_a_galaxy_called_na_is_kept(tmp_path):
    write_survey(tmp_path, 60)
    for name in ("survey/votes.csv", "stamps.csv"):
        table = pd.read_csv(tmp_path / name)
        table.loc[3, "id"] = "NA"
        table.to_csv(tmp_path / name, index=False)
    built = build_dataset(CONFIG, tmp_path, tmp_path / "dataset")
    assert "NA" in set(built.catalog["id"])


def test_a_failed_build_leaves_the_old_dataset(tmp_path):
    write_survey(tmp_path, 60)
    before = build_dataset(CONFIG, tmp_path, tmp_path / "dataset").info
    (tmp_path / "stamps" / "g3.jpg").write_bytes(b"no picture")
    with pytest.raises(Exception, match="g3.jpg"):
        build_dataset(CONFIG, tmp_path, tmp_path / "dataset")
    assert dataset.load(tmp_path / "dataset").info == before
    assert not list(tmp_path.glob(".dataset*"))


def test_a_missing_or_torn_dataset_says_how_to_make_it(tmp_path):
    with pytest.raises(DataError, match="uv run dvc repro rescale"):
        dataset.load(tmp_path)
    write_survey(tmp_path, 60)
    built = build_dataset(CONFIG, tmp_path, tmp_path / "dataset")
    np.save(tmp_path / "dataset" / "images.npy", np.zeros((3, 84, 84), np.uint8))
    with pytest.raises(DataError, match="images.npy is not what was built"):
        dataset.load(built.folder)


def test_an_unknown_split_is_refused(blobs):
    with pytest.raises(DataError, match="'valid'.*train, validation, test"):
        blobs.split("valid")
