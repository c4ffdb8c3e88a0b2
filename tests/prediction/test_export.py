"""An ONNX file predicts what Keras does, in float32, or is not written."""

from pathlib import Path

import numpy as np
import pytest
from helpers.small import small

from galopt.config import Evaluate, Stamps
from galopt.errors import GaloptError
from galopt.networks.augmentation import view_layer
from galopt.networks.build import build_network
from galopt.prediction import export
from galopt.prediction.export import write_model
from galopt.prediction.model import MorphologyModel
from galopt.prediction.preprocess import make_stamps
from galopt.tracking.models import open_model

onnxruntime = pytest.importorskip("onnxruntime")  # the extra `onnx`

OLD = Path(__file__).parents[1] / "data" / "model_0_1"
STAMPS = np.random.default_rng(0).integers(0, 255, (9, 84, 84)).astype(np.uint8)


def run(file: Path, stamps: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    stored = session.get_inputs()[0]
    return session.run(None, {stored.name: stamps.reshape(len(stamps), *stored.shape[1:])})[0]


def model(precision: str, seeds: tuple[int, ...] = (1,)) -> MorphologyModel:
    config = small()
    networks = [
        build_network(
            config.network,
            2,
            84,
            view_layer(config.network, config.augment, STAMPS, seed),
            seed,
            precision,
        )
        for seed in seeds
    ]
    return MorphologyModel(networks, ["spheroid", "disk"], Evaluate(), Stamps())


def test_half_precision_becomes_float32(tmp_path):
    half, whole = model("mixed_bfloat16"), model("float32")
    found = write_model(half, STAMPS, tmp_path / "model.onnx")
    assert found.difference <= 1e-5
    predicted = run(tmp_path / "model.onnx", STAMPS)
    np.testing.assert_allclose(predicted, whole.fractions(STAMPS), atol=1e-5)
    assert run(tmp_path / "model.onnx", STAMPS[:2]).shape == (2, 2)


def test_views_and_networks_are_averaged_inside(tmp_path):
    several = model("float32", seeds=(1, 2))
    several.views = Evaluate(flip=True)
    write_model(several, STAMPS, tmp_path / "model.onnx")
    predicted = run(tmp_path / "model.onnx", STAMPS)
    np.testing.assert_allclose(predicted, several.fractions(STAMPS), atol=1e-5)
    about = onnxruntime.InferenceSession(tmp_path / "model.onnx").get_modelmeta()
    assert about.custom_metadata_map["targets"] == '["spheroid", "disk"]'


@pytest.mark.long
def test_every_layer_of_galopt_is_exported(tmp_path):
    old = open_model(OLD)
    old.networks, old.views = old.networks[:1], Evaluate()
    stamps = np.ascontiguousarray(STAMPS[:3, :40, :40])
    write_model(old, stamps, tmp_path / "model.onnx")
    predicted = run(tmp_path / "model.onnx", stamps)
    np.testing.assert_allclose(predicted, old.fractions(stamps), atol=1e-5)


def test_tflite_predicts_the_same_views_and_networks(tmp_path):
    several = model("mixed_bfloat16", seeds=(1, 2))
    several.views = Evaluate(flip=True)
    found = write_model(several, STAMPS, tmp_path / "model.tflite")
    assert found.difference <= 1e-5
    assert found.file_rate > 0
    assert [file.name for file in tmp_path.iterdir()] == ["model.tflite"]


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(GaloptError, match=r"choose \.onnx or \.tflite"):
        write_model(model("float32"), STAMPS, tmp_path / "model.pb")


@pytest.mark.real
def test_real_galaxies_get_the_same_fractions_from_both(real_data, tmp_path):
    candels = sorted((real_data / "candels_f160w" / "stamps").glob("*.fits"))
    ceers = sorted((real_data / "ceers_f200w" / "images").glob("*.jpg"))[:200]
    stamps = make_stamps(candels + ceers, Stamps(), 84)
    assert len(stamps) == 206
    half, whole = model("mixed_bfloat16"), model("float32")
    write_model(half, stamps, tmp_path / "model.onnx")
    expected = whole.fractions(stamps)
    assert np.ptp(expected, axis=0).min() > 1e-3
    np.testing.assert_allclose(run(tmp_path / "model.onnx", stamps), expected, atol=1e-5)


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(GaloptError, match="nothing is written"):
        write_model(model("float32"), STAMPS, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
