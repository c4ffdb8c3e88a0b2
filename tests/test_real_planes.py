"""Colours and bands of real galaxies, from their files to predictions, without special cases."""

import numpy as np
import pandas as pd
import pytest

from galopt.config.load import build_config
from galopt.data import contact_sheet
from galopt.data.imaging.bands import find_galaxies
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.evaluation.evaluate import evaluate
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.predict import predict
from galopt.training.classes import suit_labels
from galopt.training.train import train

pytestmark = pytest.mark.real

BANDS = list("vzjh")
TINY = {
    "network.preset": "modern",
    "network.residual": [{"filters": 4}],
    "network.dense": [8],
    "train.epochs": 1,
    "augment.repeats": 0,
    "work.workers": 1,
}

LEARNS = {
    "network.pixels": 32,
    "network.field": 0.5,
    "network.convolutions": [{"filters": 16, "kernel": 5, "pool": 2, "init_std": None}],
    "network.residual": [{"filters": 32}, {"filters": 64, "pool": 2}],
    "network.dense": [64],
    "rescale.test": 0.3,
    "augment.repeats": 3,
    "train.batch_size": 32,
    "train.epochs": 6,
    "train.precision": "float32",
}
"""Small, and yet it learns in half a minute."""


def build(folder, survey, overrides=TINY):
    config = build_config({"survey": {"source": "folder", **survey}}, TINY | overrides)
    make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    return build_dataset(config, folder, folder / "dataset"), config


def predicted(model, files):
    tables, rejected = zip(*predict(model, stamps_in(files)), strict=True)
    return pd.concat(tables), pd.concat(rejected)


def test_four_bands_of_candels_go_all_the_way(real_data, tmp_path):
    pattern = str(real_data / "candels_f160w" / "bands" / "*_{band}.fits")
    galaxies = find_galaxies([pattern], BANDS)
    assert len(galaxies) == 6
    mine = tmp_path / "mine"
    mine.mkdir()
    copies = [(file, number) for number in range(4) for file in galaxies]
    rows = [{"id": f"{file.name[:-12]}_{number}", "file": str(file)} for file, number in copies]
    table = pd.DataFrame(rows).assign(smooth=np.linspace(0.1, 0.9, 24))
    table.assign(disk=1 - table["smooth"]).to_csv(mine / "votes.csv", index=False)
    built, config = build(
        tmp_path, {"bands": BANDS, "folder": {"path": str(mine)}}, {"stamps.max_bad": 0.2}
    )
    rejected = pd.read_csv(tmp_path / "rejected.csv")
    assert set(rejected.reason) == {"band v: no such file"}  # one galaxy has H only
    assert built.images.shape == (20, 84, 84, 4)
    light = built.images[:, 38:46, 38:46].mean(axis=(0, 1, 2))
    assert light[3] > light[0]  # galaxies are brighter in H than in V
    contact_sheet.write(tmp_path / "a.png", {"bands": config}, tmp_path / "survey", pattern, 3)
    trained = train(config, built, tmp_path / "runs").model
    model = MorphologyModel([trained], built.targets, config.evaluate, config.stamps, built.bands)
    model.save(tmp_path / "model")
    table, bad = predicted(MorphologyModel.load(tmp_path / "model"), galaxies)
    assert (len(table), len(bad)) == (5, 1)
    assert table["id"].str.startswith("GDS_").all()
    assert "{" not in "".join(table["id"])


def sdss_files(real_data, galaxies):
    return [str(real_data / "sdss_gz1" / "images" / f"{name}.jpeg") for name in galaxies["OBJID"]]


@pytest.mark.long
def test_ellipticals_and_edge_on_disks_of_sdss_are_told_apart(real_data, tmp_path):
    classes = pd.read_csv(real_data / "sdss_gz1" / "classes.csv", dtype=str)
    some = classes[classes["CLASS"].isin(["0", "3"])].groupby("CLASS").head(100)
    mine = tmp_path / "mine"
    mine.mkdir()
    some.assign(file=sdss_files(real_data, some)).to_csv(mine / "classes.csv", index=False)
    folder = {"path": str(mine), "targets": ["CLASS"]}
    built, config = build(tmp_path, {"folder": folder}, LEARNS)
    config = suit_labels(config, built)
    metrics = evaluate(train(config, built, tmp_path / "runs").model, built).metrics
    assert metrics["test_accuracy"] > 0.75
    assert metrics["test_accuracy_low"] < metrics["test_accuracy"]


def test_sdss_keeps_its_colour(real_data, tmp_path):
    classes = pd.read_csv(real_data / "sdss_gz1" / "classes.csv", dtype=str)
    some = classes[classes["CLASS"].isin(["0", "1"])].groupby("CLASS").head(15)
    files = sdss_files(real_data, some)
    mine = tmp_path / "mine"
    mine.mkdir()
    votes = pd.DataFrame({"id": some["OBJID"], "file": files})
    votes["elliptical"] = (some["CLASS"] == "0").astype(float)
    votes.assign(spiral=1 - votes["elliptical"]).to_csv(mine / "votes.csv", index=False)
    built, config = build(tmp_path, {"folder": {"path": str(mine)}})
    assert built.bands == ["red", "green", "blue"]
    assert built.images.shape == (30, 84, 84, 3)
    middle = built.images[:, 36:48, 36:48].astype(float).mean(axis=(1, 2))
    elliptical = built.catalog["elliptical"] == 1
    ratio = middle[:, 0] / middle[:, 2]  # red over blue
    assert ratio[elliptical].mean() > ratio[~elliptical].mean()
    trained = train(config, built, tmp_path / "runs").model
    assert trained.input_shape == (None, 84, 84, 3)
    assert trained.get_layer("view").output.shape[-1] == 3
