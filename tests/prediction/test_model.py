"""What is served is what was evaluated."""

import base64
import io
import json
from pathlib import Path
from zipfile import ZipFile

import keras
import numpy as np
import pytest
from astropy.io import fits
from keras import layers
from PIL import Image

from galopt.config import Evaluate, Stamps
from galopt.errors import DataError
from galopt.networks.augmentation import View
from galopt.networks.inference import predict_averaged, predict_views
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import SPREAD, MorphologyModel
from galopt.prediction.preprocess import read_chunk

STAMPS = np.random.default_rng(0).integers(0, 255, (5, 32, 32)).astype(np.uint8)
TARGETS = ["spheroid", "disk"]


def network(seed: int) -> keras.Model:
    stamps = keras.Input((32, 32), dtype="uint8")
    x = layers.Flatten()(View(16, 0.5, name="view")(stamps))
    start = keras.initializers.RandomNormal(seed=seed)
    return keras.Model(
        stamps, layers.Dense(2, "sigmoid", kernel_initializer=start, name="fractions")(x)
    )


@pytest.fixture(scope="module")
def model() -> MorphologyModel:
    return MorphologyModel([network(1)], TARGETS, Evaluate(), Stamps())


def encoded(stamp: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(stamp).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("views", [Evaluate(), Evaluate(rotations=4, flip=True)])
def test_a_loaded_model_averages_its_networks_over_its_views(tmp_path, views):
    members = [network(1), network(2)]
    stretch = Stamps(softening=2)
    MorphologyModel(members, TARGETS, views, stretch).save(tmp_path / "networks")
    loaded = MorphologyModel.load(tmp_path / "networks")
    expected = np.mean([predict_views(member, STAMPS, views)[0] for member in members], axis=0)
    table = loaded.predict(STAMPS)
    assert list(table.columns) == TARGETS
    np.testing.assert_allclose(table, expected, atol=1e-6)
    assert loaded.stamps == stretch


def test_a_model_keeps_the_way_of_its_pictures_and_an_old_one_that_of_its_time(tmp_path):
    model = MorphologyModel([network(1)], TARGETS, Evaluate(), Stamps())
    model.save(tmp_path / "new.keras")
    assert not MorphologyModel.load(tmp_path / "new.keras").stamps.detour
    with ZipFile(tmp_path / "new.keras") as new, ZipFile(tmp_path / "old.keras", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "galopt.json":
                usage = json.loads(content)
                del usage["stamps"]["detour"]
                content = json.dumps(usage).encode()
            old.writestr(name, content)
    assert MorphologyModel.load(tmp_path / "old.keras").stamps.detour


def test_a_folder_that_is_no_model_is_named(tmp_path):
    with pytest.raises(DataError, match="no network"):
        MorphologyModel.load(tmp_path)
    (tmp_path / "member_00.keras").write_text("no archive")
    with pytest.raises(DataError, match="not a trained network"):
        MorphologyModel.load(tmp_path)
    for content, reason in ((b"PK", "not of galopt"), (b"{}", "targets: Field required")):
        (tmp_path / "served.json").write_bytes(content)
        with pytest.raises(DataError, match=reason) as caught:
            MorphologyModel.load(tmp_path)
        assert "\n" not in str(caught.value)


def test_errors_are_the_spread_of_networks_or_of_views(model):
    members = [network(1), network(2), network(3)]
    several = MorphologyModel(members, TARGETS, Evaluate(), Stamps())
    fractions, errors = several.with_spread(STAMPS)
    each = [predict_views(member, STAMPS, Evaluate())[0] for member in members]
    np.testing.assert_allclose(fractions, several.fractions(STAMPS))
    np.testing.assert_allclose(errors, np.std(each, axis=0, ddof=1), atol=1e-6)
    fractions, errors = model.with_spread(STAMPS)
    np.testing.assert_allclose(fractions, model.fractions(STAMPS))
    np.testing.assert_allclose(
        errors, predict_averaged(model.networks[0], STAMPS, SPREAD)[1], atol=1e-6
    )
    assert errors.min() > 0


def test_arrays_and_pictures_are_answered(model, tmp_path):
    np.testing.assert_allclose(model.predict(STAMPS.tolist()), model.predict(STAMPS))
    fits.PrimaryHDU(STAMPS[0].astype("f4")).writeto(tmp_path / "a.fits")
    Image.fromarray(STAMPS[1]).save(tmp_path / "b.jpg", quality=95)
    files = [tmp_path / "a.fits", tmp_path / "b.jpg"]
    texts = [base64.b64encode(file.read_bytes()).decode() for file in files]
    (chunk,) = stamps_in(files)
    stamps, *_ = read_chunk(chunk, model.stamps, model.side)
    np.testing.assert_allclose(model.predict(texts), model.fractions(stamps), atol=1e-6)


def test_many_pictures_keep_their_order(model):
    random = np.random.default_rng(1)
    stamps = random.integers(0, 255, (150, 32, 32)).astype(np.uint8)
    texts = [encoded(stamp) for stamp in stamps]
    together = model.predict(texts)
    np.testing.assert_allclose(model.predict(texts[149:]), together[149:], atol=1e-6)
    np.testing.assert_allclose(model.predict(texts[70:71]), together[70:71], atol=1e-6)


def test_every_kind_of_image_is_the_same_galaxy(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    galaxy = np.random.default_rng(2).integers(0, 255, (50, 60)).astype(np.uint8)
    Image.fromarray(galaxy).save("galaxy.png")
    content = (tmp_path / "galaxy.png").read_bytes()
    text = base64.b64encode(content).decode()
    kinds = ["galaxy.png", tmp_path / "galaxy.png", content, text, galaxy, galaxy.tolist()]
    table = model.predict([*kinds, np.repeat(galaxy[..., None], 3, axis=2), galaxy.astype("i8")])
    assert len(table) == 8
    np.testing.assert_allclose(table, np.tile(table[:1], (8, 1)), atol=1e-6)
    np.testing.assert_allclose(model.predict(galaxy), table[:1], atol=1e-6)
    np.testing.assert_allclose(model.predict("galaxy.png"), table[:1], atol=1e-6)
    np.testing.assert_allclose(model.predict(np.stack([galaxy] * 3)), table[:3], atol=1e-6)


def test_stored_stamps_are_taken_as_they_are(model):
    expected = model.table(STAMPS)
    for given in (STAMPS, STAMPS.tolist(), list(STAMPS), STAMPS.astype(float)):
        np.testing.assert_allclose(model.predict(given), expected)
    np.testing.assert_allclose(model.predict(STAMPS[0]), expected[:1], atol=1e-6)


def test_a_spread_is_called_one_and_errors_are_columns_once_calibrated(model, tmp_path):
    table = model.predict(STAMPS, errors=True)
    assert list(table) == [*TARGETS, "spheroid_spread", "disk_spread"]
    calibrated = MorphologyModel(model.networks, TARGETS, Evaluate(), Stamps())
    rng = np.random.default_rng(1)
    stamps = rng.integers(0, 255, (80, 32, 32)).astype(np.uint8)
    voted = np.clip(calibrated.fractions(stamps) + rng.normal(0, 0.1, (80, 2)), 0, 1)
    calibrated.calibrate(stamps, voted)
    calibrated.save(tmp_path / "model.keras")
    loaded = MorphologyModel.load(tmp_path / "model.keras")
    table = loaded.predict(stamps, errors=True)
    endings = ("", "_err", "_low", "_high")
    assert list(table) == [f"{name}{ending}" for ending in endings for name in TARGETS]
    assert ((table["disk_low"] <= voted[:, 1]) & (voted[:, 1] <= table["disk_high"])).mean() > 0.94
    assert table["disk_err"].mean() == pytest.approx(0.1, rel=0.2)
    assert not loaded.sums_to_one


def test_a_server_opens_no_file(model, tmp_path):
    Image.fromarray(STAMPS[0]).save(tmp_path / "galaxy.png")
    file = tmp_path / "galaxy.png"
    assert len(model.predict([str(file)])) == 1
    for name in (str(file), file):
        with pytest.raises(DataError, match="image 0: ") as caught:
            model.predict([name], paths=False)
        assert "png" not in str(caught.value)


GREY = np.full((20, 30), 7)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (["../nowhere/passwd"], "image 0: no such file, and not base64: ../nowhere/passwd"),
        ([Path("absent.jpg")], r"image 0 \(absent.jpg\): no such file"),
        ([base64.b64encode(b"/etc/passwd").decode()], "image 0: unreadable"),
        ([encoded(STAMPS[0]), "####"], "image 1: no such file, and not base64"),
        ([7], "image 0: int is no image; give paths, bytes"),
        ([[1, 2], [3]], r"image 0: shape \(2,\); give paths"),
        ([], "no image: give paths"),
        (np.zeros((0, 32, 32), np.uint8), "no image"),
        (STAMPS[:, :8], "image 0: 32x8 px; at least 16 px"),
        (np.zeros((2, 40, 40, 4), np.uint8), r"image 0: shape \(40, 40, 4\)"),
        (STAMPS / 255, "image 0: floats from 0 to 1 may be .*uint8"),
        (STAMPS - 0.5, "image 0: a grey level is no whole number"),
        (STAMPS * 2.0, "image 0: a grey level is no whole number"),
        (STAMPS.astype("u2") * 200, "image 0: a grey level is no whole number"),
        (np.full((1, 32, 32), np.nan), "grey level|floats"),
        (np.full((1, 32, 32), np.inf), "grey level"),
        (np.full((1, 32, 32), "a"), "image 0: an array of"),
        (np.full((1, 32, 32), None), "image 0: (holds more than numbers|a grey level|floats)"),
        (STAMPS > 9, "image 0: an array of bool"),
        ([GREY], "image 0: blank"),
    ],
)
def test_wrong_input_is_refused_in_one_line(model, images, reason):
    with pytest.raises(DataError, match=reason) as caught:
        model.predict(images)
    assert "\n" not in str(caught.value)
    assert "/tmp" not in str(caught.value)
