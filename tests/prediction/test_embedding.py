"""Features of galaxies: what they are, and who is near whom."""

import keras
import numpy as np
import pandas as pd
import pytest
from helpers.model import network
from PIL import Image
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.config import Evaluate, Stamps
from galopt.errors import DataError
from galopt.networks.augmentation import View
from galopt.prediction.embedding import embedder, write_features
from galopt.prediction.model import MorphologyModel
from galopt.prediction.neighbours import outliers, read_features, similar

STAMPS = np.random.default_rng(0).integers(0, 255, (5, 32, 32)).astype(np.uint8)


@pytest.fixture(scope="module")
def model() -> MorphologyModel:
    # Other draws may leave one live unit, and then all galaxies lie in one direction.
    keras.utils.set_random_seed(0)
    stamps = keras.Input((32, 32), dtype="uint8")
    x = keras.layers.Flatten(name="features")(View(16, 0.5, name="view")(stamps))
    x = keras.layers.Dense(7, "relu", name="dense_1")(x)
    fractions = keras.layers.Dense(2, "sigmoid", name="fractions")(x)
    network = keras.Model(stamps, fractions)
    return MorphologyModel([network], ["spheroid", "disk"], Evaluate(), Stamps())


def write(path, features) -> None:
    names = [f"g{number}" for number in range(len(features))]
    galaxies = pd.DataFrame({"id": names, "file": [f"{name}.jpg" for name in names]})
    assert write_features([(galaxies, np.asarray(features, np.float32))], path, {}) == len(names)


def test_features_make_the_fractions(model):
    features = embedder(model)(STAMPS)
    assert features.shape == (5, 7)
    kernel, bias = model.networks[0].get_layer("fractions").get_weights()
    fractions = 1 / (1 + np.exp(-(features @ kernel + bias)))
    np.testing.assert_allclose(fractions, model.fractions(STAMPS), atol=1e-5)


def test_a_fits_table_and_a_dataset_hold_the_same(blobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved = MorphologyModel([network()], blobs.targets, Evaluate(), Stamps())
    saved.save(tmp_path / "model.keras")
    for name in ("a.fits", "a.parquet"):
        words = ["--dataset", str(blobs.folder), "--model", "model.keras", "--out", name]
        done = CliRunner().invoke(app, ["embed", *words])
        assert done.exit_code == 0, done.exception
    tables = [read_features(tmp_path / name) for name in ("a.fits", "a.parquet")]
    assert tables[0][0]["id"].tolist() == blobs.catalog["id"].tolist()
    pd.testing.assert_frame_equal(tables[0][0], tables[1][0], check_dtype=False)
    np.testing.assert_array_equal(tables[0][1], tables[1][1])
    expected = embedder(saved)(np.array(blobs.images[:3]))
    np.testing.assert_allclose(tables[0][1][:3], expected, atol=1e-4)
    refused = CliRunner().invoke(app, ["embed", "x.png", *words, "--overwrite"])
    assert "images, positions, or a dataset" in str(refused.exception)


def test_the_nearest_are_those_in_the_same_direction(tmp_path):
    write(tmp_path / "f.parquet", [[1, 0], [0, 1], [5, 0.1], [1, 1], [-1, 0]])
    table = similar(tmp_path / "f.parquet", "g0", count=3)
    assert table["id"].tolist() == ["g2", "g3", "g1"]
    np.testing.assert_allclose(table["distance"], [0.0002, 0.2929, 1], atol=1e-4)
    assert similar(tmp_path / "f.parquet", "g0.jpg", count=99)["id"].iloc[-1] == "g4"


def test_the_strangest_is_far_from_its_nearest(tmp_path):
    random = np.random.default_rng(0)
    crowd = [1, 0, 0] + random.normal(0, 0.02, (40, 3))
    write(tmp_path / "f.parquet", np.vstack([crowd[:20], [[0, 1, 0]], crowd[20:]]))
    table = outliers(tmp_path / "f.parquet")
    assert table["id"][0] == "g20"
    assert table["percentile"][0] == 100
    assert table["score"][0] > 10 * table["score"][1]


def test_what_is_no_table_of_features_is_said(tmp_path):
    (tmp_path / "f.parquet").write_text("no table")
    write(tmp_path / "few.parquet", [[1, 0], [0, 1]])
    for call, reason in (
        (lambda: read_features(tmp_path / "absent.parquet"), "no such file"),
        (lambda: read_features(tmp_path / "f.parquet"), "no features .*galopt embed"),
        (lambda: similar(tmp_path / "few.parquet", "g9"), "no galaxy 'g9'"),
        (lambda: outliers(tmp_path / "few.parquet"), "2 galaxies; more than 10"),
    ):
        with pytest.raises(DataError, match=reason):
            call()


def test_the_commands_embed_files_and_find_the_same_galaxy(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.save(tmp_path / "model.keras")
    for number, pixels in enumerate([STAMPS[0], STAMPS[1], STAMPS[0], STAMPS[2]]):
        Image.fromarray(pixels).save(f"{number}.png")
    (tmp_path / "bad.png").write_text("no image")
    done = CliRunner().invoke(app, ["embed", "*.png", "--model", "model.keras"])
    assert done.exit_code == 1
    assert "features of 4 galaxies" in done.stdout
    assert pd.read_csv("features.parquet.rejected.csv")["id"].tolist() == ["bad"]
    found = CliRunner().invoke(app, ["similar", "0", "--count", "1", "--csv", "near.csv"])
    assert found.exit_code == 0, found.exception
    (nearest,) = pd.read_csv("near.csv").to_dict("records")
    assert nearest["id"] == 2
    assert nearest["distance"] < 1e-6
