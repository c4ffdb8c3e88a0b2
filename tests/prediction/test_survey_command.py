"""`galopt predict` into a folder, and what a worker of a cluster does for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.brightness import write_pictures
from helpers.model import network
from typer.testing import CliRunner, Result

from galopt.cli.main import app
from galopt.config import Evaluate, Stamps
from galopt.data.imaging.image_files import find_files
from galopt.errors import ConfigError, DataError
from galopt.files import atomic_folder
from galopt.prediction import inputs, parts, survey
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.neighbours import read_features
from galopt.prediction.survey import Task, predict_part, predict_survey
from galopt.prediction.survey_folder import MODEL, read_manifest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Work in a folder with a network and images, two a piece of work and four a part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inputs, "TOGETHER", 2)
    monkeypatch.setattr(parts, "GALAXIES", 4)
    MorphologyModel([network()], ["spheroid", "disk"], Evaluate(), Stamps()).save(
        tmp_path / "model.keras"
    )
    write_pictures(tmp_path / "mine", [f"{number}.jpg" for number in range(9)])
    (tmp_path / "mine" / "bad.jpg").write_text("no image")
    return tmp_path


def command(*words: str) -> Result:
    return CliRunner().invoke(app, [words[0], "mine", "--model", "model.keras", *words[1:]])


def test_a_survey_ends_with_exact_counts_and_the_status_of_a_table(caplog):
    caplog.set_level("INFO")
    done = command("predict", "--out", "out/", "--embed", "--errors")
    assert done.exit_code == 1
    assert "out/: 9 galaxies in 3 parts, spheroid, disk; pandas.read_parquet('out')" in done.stdout
    assert "1 of 10 galaxies cannot be read, listed in out/_rejected/: mine/bad.jpg" in done.stderr
    again = command("predict", "--out", "out", "--embed", "--errors")
    assert (again.exit_code, again.stdout) == (1, done.stdout)
    assert "out/ holds all predictions already" in caplog.text
    assert command("predict", "--out", "t.parquet", "--errors").exit_code == 1
    whole, table = pd.read_parquet("out"), pd.read_parquet("t.parquet")
    pd.testing.assert_frame_equal(whole.drop(columns="features"), table, atol=1e-6)
    assert command("embed", "--out", "f.parquet").exit_code == 1
    galaxies, features = read_features(Path("f.parquet"))
    assert whole["id"].tolist() == galaxies["id"].tolist()
    np.testing.assert_allclose(np.stack(whole["features"]), features, atol=1e-4)
    similar = CliRunner().invoke(app, ["similar", "3", "--in", "out", "--csv", "near.csv"])
    assert similar.exit_code == 0, similar.exception
    assert len(pd.read_csv("near.csv")) == 8


def test_a_network_of_the_same_shape_with_other_weights_is_another(folder):
    assert command("predict", "--out", "out/").exit_code == 1
    other = network()
    other.get_layer("fractions").bias.assign([0.1, 0.2])
    MorphologyModel([other], ["spheroid", "disk"], Evaluate(), Stamps()).save(
        folder / "model.keras"
    )
    refused = command("predict", "--out", "out/")
    assert str(refused.exception).startswith("out/ holds predictions of another model")
    assert command("predict", "--out", "out/", "--overwrite").exit_code == 1


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--out", "t.csv", "--embed"], DataError, "--embed is for a folder"),
        (["--out", "t.csv", "--cluster", "local"], DataError, "--cluster is for a folder"),
        (["--out", "out/", "--workers", "2"], DataError, "--workers is for a cluster"),
        (["--out", "out/", "--cluster", "absent.yaml"], ConfigError, "cluster=absent.yaml"),
        (["--out", "mine/"], DataError, "mine/ holds 0.jpg, which galopt predict did not write"),
    ],
)
def test_what_does_not_go_together_is_refused_before_a_model_is_opened(
    words, error, said, monkeypatch
):
    monkeypatch.setattr("galopt.cli.predict.open_network", lambda _: pytest.fail("opened"))
    refused = command("predict", *words)
    assert isinstance(refused.exception, error)
    assert said in str(refused.exception)


@pytest.fixture
def task(folder) -> Task:
    """Return the second part of a survey of which the first is there."""
    model, batches = MorphologyModel.load(folder / "model.keras"), stamps_in(find_files(["mine"]))
    predict_survey(model, batches, Path("out"))
    with atomic_folder(folder / "out" / MODEL) as temporary:
        model.save(temporary / "networks")
    part = parts.parts_of(batches)[1]
    return Task(part, folder / "out", folder, read_manifest(Path("out")).survey)


def test_a_worker_elsewhere_writes_the_part_that_the_driver_would(task, folder, monkeypatch):
    file = folder / "out" / task.part.name
    here = pd.read_parquet(file)
    file.unlink()
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert predict_part(task).predicted == 4
    pd.testing.assert_frame_equal(pd.read_parquet(file), here, atol=1e-6)
    monkeypatch.setattr(MorphologyModel, "load", lambda _: pytest.fail("loaded again"))
    predict_part(task)


def test_a_worker_that_sees_no_images_rejects_nothing(task, folder):
    written = (folder / "out" / task.part.name).read_bytes()
    (folder / "mine").rename(folder / "hidden")
    with pytest.raises(DataError, match=r"does not see .*/mine/\d\.jpg: images must lie"):
        predict_part(task)
    assert (folder / "out" / task.part.name).read_bytes() == written


def test_a_worker_that_does_not_see_the_folder_says_so(task, folder):
    with pytest.raises(DataError, match="does not see the folder of the predictions"):
        predict_part(replace(task, folder=folder / "away"))


def test_a_worker_of_an_earlier_survey_writes_nothing(task, folder):
    predict_survey(
        MorphologyModel.load(folder / "model.keras"),
        stamps_in(find_files(["mine"])),
        Path("out"),
        features=True,
        overwrite=True,
    )
    with pytest.raises(DataError, match="was begun anew"):
        predict_part(task)


def test_a_worker_refuses_other_networks_than_those_that_began(task, folder):
    survey._network.cache_clear()
    other = network()
    other.get_layer("fractions").bias.assign([0.1, 0.2])
    with atomic_folder(folder / "out" / MODEL) as temporary:
        MorphologyModel([other], ["spheroid", "disk"], Evaluate(), Stamps()).save(
            temporary / "networks"
        )
    with pytest.raises(DataError, match="not the networks that the predictions began with"):
        predict_part(task)
