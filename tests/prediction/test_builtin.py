"""The network in the package: a prediction where nothing was trained, without MLflow."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers.galaxies import paint
from PIL import Image

from galopt.data.survey.votes import TARGETS
from galopt.errors import GaloptError
from galopt.prediction import builtin
from galopt.prediction.builtin import FOLDER, open_builtin
from galopt.prediction.model import MorphologyModel
from galopt.tracking.models import open_model


def test_a_folder_of_images_is_predicted_where_nothing_was_trained(tmp_path):
    (tmp_path / "mine").mkdir()
    for number, elongation in enumerate([1.0, 1.0, 1.6]):
        Image.fromarray(paint(elongation, 9)).save(tmp_path / "mine" / f"g{number}.png")
    code = (
        "import sys\n"
        "from galopt.cli.main import app\n"
        "app(['predict', 'mine'], standalone_mode=False)\n"
        "print('mlflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (
        "builtin:modern, trained on simulated CANDELS F160W, where its RMSE is 0.1" in done.stdout
    )
    assert done.stdout.splitlines()[-1] == "False"
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert list(table) == ["id", "file", *TARGETS, "unlike_training"]
    assert "3 of 3 galaxies are unlike" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()


def test_its_card_and_its_facts_lie_beside_it():
    for network in FOLDER.glob("*.keras"):
        assert network.stat().st_size < 3 << 20
        assert network.with_suffix(".md").read_text().startswith("#")
    model = open_builtin("builtin:modern")
    assert model.targets == list(TARGETS)
    assert len(model.origin["dataset"]) == 16
    assert model.stamps.detour  # it was trained on them
    assert "nobody has measured it" in model.origin["about"]


def test_training_may_start_from_it():
    opened = open_model("builtin:modern")
    stamps = np.stack([paint(1.0, 9, opened.side), paint(1.8, 9, opened.side)])
    assert opened.fractions(stamps).shape == (2, 5)


def test_a_name_that_the_package_does_not_have_is_one_line():
    with pytest.raises(
        GaloptError, match=r"no such network in the package; there is builtin:modern"
    ):
        open_builtin("builtin:modem")


def test_a_model_is_put_into_the_package_with_its_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(builtin, "FOLDER", tmp_path / "networks")
    facts = {"survey": "blobs", "dataset": "0" * 16, "command": "none"}
    facts |= {"test_rmse": 0.2, "test_rmse_floor": 0.1, "test_rmse_constant": 0.3}
    builtin.keep(MorphologyModel.load(FOLDER / "modern.keras"), "copy", facts, "# Copy\n")
    assert (
        "trained on blobs, where its RMSE is 0.200" in open_builtin("builtin:copy").origin["about"]
    )
