"""The main job on real galaxies: from the folder of stamps to a network that has learnt."""

import shutil

import numpy as np
import pytest

from galopt import dataset, params, training
from galopt.evaluation import evaluate
from galopt.predict import Network, find_files, predict
from galopt.stamps import make_stamps
from galopt.survey import make_survey

pytestmark = pytest.mark.real

CEERS = ["smooth", "featured_or_disk", "artifact"]
TRAIN = {"train.epochs": 5, "train.schedule": "cosine", "network.dropout": 0.25}


@pytest.fixture(scope="module")
def ceers(real_data, tmp_path_factory):
    """Return the dataset of the 2,684 JWST CEERS galaxies, and its configuration."""
    folder = tmp_path_factory.mktemp("ceers")
    source = {
        "survey.source": "folder",
        "survey.folder.path": str(real_data / "ceers_f200w"),
        "survey.folder.targets": CEERS,
    }
    config = params.load("params.yaml", source | TRAIN)
    make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    yield dataset.build(config, folder, folder / "dataset"), config
    shutil.rmtree(folder)


def test_every_real_galaxy_is_read(ceers):
    built, _ = ceers
    assert built.info["galaxies"] == 2684
    assert built.targets == CEERS
    assert built.info["floor"]["overall"] == pytest.approx(0.081, abs=0.002)
    fractions = np.concatenate([built.split(name).fractions for name in built.info["counts"]])
    np.testing.assert_allclose(fractions.sum(axis=1), 1, atol=1e-3)


def test_a_short_training_beats_the_constant_predictor_clearly(ceers, tmp_path):
    built, config = ceers
    metrics = evaluate(training.train(config, built, tmp_path).model, built).metrics
    assert metrics["test_rmse_constant"] == pytest.approx(0.183, abs=0.006)
    assert metrics["test_rmse"] < 0.93 * metrics["test_rmse_constant"]


def test_a_network_reads_real_candels_stamps(real_data):
    config = params.load("params.yaml")
    split = type("Split", (), {"images": np.full((1, 84, 84), 30, np.uint8)})
    info = {"targets": ["a", "b"], "pixels": 84}
    built = type("Dataset", (), {"targets": info["targets"], "side": 84})
    model = training.make_model(config, built, split, "float32", 1)
    network = Network(model.predict_on_batch, info["targets"], 84, config.stamps, {})
    table, rejected = predict(network, find_files([str(real_data / "candels_f160w")]))
    assert rejected.empty
    assert len(table) == 6
    assert table["id"].str.startswith("GDS_").all()
    assert table[["a", "b"]].to_numpy().min() >= 0
    assert table[["a", "b"]].to_numpy().max() <= 1
