"""Galaxies in HDF5 and NPZ arrays: Galaxy10, GalaxyMNIST and their like."""

import h5py
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.galaxies import paint
from PIL import Image

from galopt.config.load import build_config
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import arrays, make_survey
from galopt.errors import DataError
from galopt.files import read_json

COUNT = 24
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 255, (COUNT, 20, 20, 3), dtype=np.uint8)
LABELS = np.arange(COUNT, dtype=np.uint8) % 3


def write(path, **columns):
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".npz":
        np.savez_compressed(path, **columns)
        return
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            file[name] = values


def read(folder, out):
    config = build_config({"survey": {"source": "folder", "folder": {"path": str(folder)}}})
    make_survey(config, out / "survey")
    text = {"id": str, "file": str}
    return pd.read_csv(out / "survey" / "votes.csv", dtype=text), config


def pixels(out, votes):
    return np.stack([np.asarray(Image.open(out / "survey" / file)) for file in votes.file])


@pytest.mark.parametrize("name", ["Galaxy10.h5", "Galaxy10.HDF5", "galaxies.npz"])
@pytest.mark.parametrize("names", [("images", "ans"), ("X", "y")])
def test_images_and_labels_are_found_and_read_in_pieces(tmp_path, monkeypatch, name, names):
    monkeypatch.setattr(arrays, "PIECE", 5 * COLOUR[0].nbytes)
    write(tmp_path / "in" / name, **dict(zip(names, (COLOUR, LABELS), strict=True)))
    votes, _ = read(tmp_path / "in", tmp_path)
    np.testing.assert_array_equal(pixels(tmp_path, votes), COLOUR)
    assert votes[["0", "1", "2"]].to_numpy().argmax(axis=1).tolist() == LABELS.tolist()
    assert votes.id.is_unique


def test_positions_are_taken_along_and_other_columns_are_not(tmp_path):
    place = {"ra": 150 + np.arange(COUNT), "dec": np.zeros(COUNT), "redshift": np.ones(COUNT)}
    write(tmp_path / "in" / "Galaxy10_DECals.h5", images=COLOUR, ans=LABELS, **place)
    votes, _ = read(tmp_path / "in", tmp_path)
    assert list(votes) == ["id", "file", "ra", "dec", "0", "1", "2"]


def test_files_called_train_and_test_are_these_splits(tmp_path):
    for name in ("train_dataset.hdf5", "test_dataset.hdf5"):
        write(tmp_path / "in" / name, images=COLOUR, labels=LABELS)
    votes, _ = read(tmp_path / "in", tmp_path)
    assert votes.split.value_counts().to_dict() == {"train": COUNT, "test": COUNT}
    assert votes.id.is_unique


@pytest.mark.parametrize(
    "images",
    [
        np.moveaxis(COLOUR, 3, 1),
        COLOUR.astype(np.float32) / 255,
        COLOUR.astype(">f8") / 255,
    ],
)
def test_other_orders_and_numbers_between_0_and_1_are_pictures_too(tmp_path, images):
    write(tmp_path / "in" / "a.npz", images=images, labels=LABELS)
    votes, _ = read(tmp_path / "in", tmp_path)
    np.testing.assert_array_equal(pixels(tmp_path, votes), COLOUR)


def test_other_numbers_become_fits_images(tmp_path):
    counts = RNG.normal(500, 30, (COUNT, 20, 20)).astype("f4")
    write(tmp_path / "in" / "a.h5", images=counts, labels=LABELS)
    votes, _ = read(tmp_path / "in", tmp_path)
    seen = np.stack([fits.getdata(tmp_path / "survey" / file) for file in votes.file])
    np.testing.assert_array_equal(seen, counts)


def test_labels_of_text_are_classes(tmp_path):
    names = np.array([b"spiral", b"elliptical"])[np.arange(COUNT) % 2]
    write(tmp_path / "in" / "a.h5", images=COLOUR, labels=names)
    read(tmp_path / "in", tmp_path)
    survey = read_json(tmp_path / "survey" / "survey.json")
    assert survey["targets"] == ["elliptical", "spiral"]


def test_arrays_become_a_dataset(tmp_path):
    galaxies = np.stack([paint(1 + n / 60, 6, 40) for n in range(60)])
    write(tmp_path / "in" / "a.h5", images=galaxies, labels=np.arange(60) // 30)
    _, config = read(tmp_path / "in", tmp_path)
    make_stamps(config, tmp_path / "survey", tmp_path)
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert built.info["galaxies"] == 60
    assert built.targets == ["0", "1"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"images": COLOUR}, "one array called ans, labels, label, y is needed; there are images"),
        ({"images": COLOUR, "image": COLOUR, "y": LABELS}, "one array called images"),
        ({"images": COLOUR, "y": LABELS[1:]}, r"images \(24, 20, 20, 3\) and labels \(23,\) do"),
        ({"images": COLOUR[0, 0], "y": LABELS[:20]}, "do not fit together"),
    ],
)
@pytest.mark.parametrize("name", ["a.h5", "a.npz"])
def test_arrays_that_cannot_be_a_survey_are_refused(tmp_path, name, columns, message):
    write(tmp_path / "in" / name, **columns)
    with pytest.raises(DataError, match=f"{name}: .*{message}"):
        read(tmp_path / "in", tmp_path)


@pytest.mark.parametrize("name", ["a.h5", "a.npz"])
@pytest.mark.parametrize("cut", [30, 2000])
def test_damaged_arrays_are_refused_in_one_line(tmp_path, name, cut):
    write(tmp_path / "in" / name, images=COLOUR, labels=LABELS)
    path = tmp_path / "in" / name
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match=name) as caught:
        read(tmp_path / "in", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "survey").exists()


def test_pickled_objects_are_not_opened(tmp_path):
    write(tmp_path / "in" / "a.npz", images=np.array([{}] * COUNT), labels=LABELS)
    with pytest.raises(DataError, match="an array of objects"):
        read(tmp_path / "in", tmp_path)
