"""The main job on real galaxies: from the folder of stamps to a network that has learnt."""

import base64
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from galopt.config import Evaluate, Stamps
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.data.imaging.image_files import find_files
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.evaluation.evaluate import evaluate
from galopt.networks.augmentation import View
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.predict import predict
from galopt.training.mirror_classes import opposite_arms
from galopt.training.train import train

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
    config = load_config("params.yaml", source | TRAIN)
    make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    yield build_dataset(config, folder, folder / "dataset"), config
    shutil.rmtree(folder)


def test_every_real_galaxy_is_read(ceers):
    built, _ = ceers
    assert built.info["galaxies"] == 2684
    assert built.targets == CEERS
    assert built.info["floor"]["overall"] == pytest.approx(0.081, abs=0.002)
    fractions = np.concatenate([built.split(name).fractions for name in built.info["counts"]])
    np.testing.assert_allclose(fractions.sum(axis=1), 1, atol=1e-3)


@pytest.mark.long
def test_a_short_training_beats_the_constant_predictor_clearly(ceers, tmp_path):
    built, config = ceers
    metrics = evaluate(train(config, built, tmp_path).model, built).metrics
    assert metrics["test_rmse_constant"] == pytest.approx(0.183, abs=0.006)
    assert metrics["test_rmse"] < 0.93 * metrics["test_rmse_constant"]


def network(targets: int) -> keras.Model:
    """Return a network whose fractions vary much from stamp to stamp, untrained."""
    stamps = keras.Input((84, 84), dtype="uint8")
    view = View(45, 0.52, mean=0.2, std=0.2, name="view")(stamps)
    start = keras.initializers.RandomNormal(stddev=0.03, seed=1)
    seen = keras.layers.Flatten()(view)
    fractions = keras.layers.Dense(targets, "sigmoid", kernel_initializer=start, name="fractions")(
        seen
    )
    return keras.Model(stamps, fractions)


def predict_files(model: MorphologyModel, files: list[Path]) -> pd.DataFrame:
    tables, rejected = zip(*predict(model, stamps_in(files)), strict=True)
    assert not sum(map(len, rejected))
    table = pd.concat(tables)
    fractions = table[model.targets].to_numpy()
    assert 0 <= fractions.min() < 0.3 < 0.7 < fractions.max() <= 1
    return table


def test_a_thousand_real_galaxies_are_predicted_as_they_are_evaluated(ceers, real_data):
    built, config = ceers
    model = MorphologyModel([network(3)], CEERS, config.evaluate, config.stamps)
    measured = evaluate(model.networks[0], built).table.set_index("id")
    folder = real_data / "ceers_f200w"
    files = pd.read_csv(folder / "votes.csv", dtype={"id": str}).set_index("id")["file"]
    others = files.index.difference(measured.index)[: 1000 - len(measured)]
    ids = [*others, *measured.index]
    table = predict_files(model, [folder / files[galaxy] for galaxy in ids])
    assert len(table) == 1000
    by_file = table.set_index("file")
    ours = by_file.loc[[str(folder / files[galaxy]) for galaxy in measured.index], CEERS]
    theirs = measured[[f"predicted_{target}" for target in CEERS]]
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), atol=1e-5)
    assert table["id"].tolist() == [Path(files[galaxy]).stem for galaxy in ids]


def test_a_network_reads_real_candels_stamps(real_data):
    model = MorphologyModel([network(5)], list("abcde"), Evaluate(), Stamps())
    folder = real_data / "candels_f160w"
    table = predict_files(model, find_files([str(folder / "stamps")]))
    names = [file.stem for file in sorted((folder / "stamps").glob("*.fits"))]
    assert table["id"].tolist() == names
    assert len(names) == 6
    texts = [base64.b64encode(Path(file).read_bytes()).decode() for file in table["file"]]
    np.testing.assert_allclose(model.predict(texts), table[list("abcde")], atol=1e-5)


def test_sdss_galaxies_are_read_as_they_lie_there(real_data, tmp_path):
    folder = {"path": str(real_data / "sdss_gz1"), "targets": ["CLASS"]}
    make_survey(
        load_config("params.yaml", {"survey.source": "folder", "survey.folder": folder}),
        tmp_path / "survey",
    )
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv", dtype={"id": str})
    assert votes[list("012345")].sum().tolist() == [400, 277, 293, 400, 40, 70]
    assert all(Path(file).stem == galaxy for galaxy, file in zip(votes.id, votes.file, strict=True))


def test_arms_of_sdss_spirals_tell_their_hands(real_data):
    folder = real_data / "sdss_gz1"
    table = pd.read_csv(folder / "classes.csv", dtype=str)
    spirals = table[table["CLASS"].isin(["1", "2"])].groupby("CLASS").head(100)
    files = [folder / "images" / f"{name}.jpeg" for name in spirals["OBJID"]]
    stamps = np.stack([np.asarray(Image.open(file).reduce(5)) for file in files])
    fractions = pd.get_dummies(spirals["CLASS"]).to_numpy(np.float32)
    found = opposite_arms(["1", "2"], dataset.Split(stamps, fractions, spirals))
    assert set(found or ()) == {"1", "2"}
