"""What MLflow calls: images however it hands them over, and models of before version 0.2."""

import json
import logging
import shutil
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from galopt.errors import DataError
from galopt.tracking.models import open_model
from galopt.tracking.pyfunc import PyfuncModel


class Model:
    """Refuses everything but one galaxy."""

    def predict(self, images, errors, paths):
        """Return a table of one row."""
        if len(images) != 1:
            raise DataError("one galaxy, please")
        return pd.DataFrame({"disk": [float(errors) + 2 * paths]})


@pytest.mark.parametrize(
    "given", [["a"], {"stamps": np.array(["a"])}, pd.DataFrame({"stamps": ["a"]})]
)
def test_images_are_found_wherever_mlflow_puts_them(given):
    assert PyfuncModel(Model()).predict(given)["disk"].tolist() == [2]
    assert PyfuncModel(Model()).predict(given, {"errors": True})["disk"].tolist() == [3]


def test_a_server_opens_no_file(monkeypatch):
    monkeypatch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
    assert PyfuncModel(Model()).predict(["a"])["disk"].tolist() == [0]


def test_a_refusal_is_status_400_and_the_reason_alone():
    with pytest.raises(MlflowException) as caught:
        PyfuncModel(Model()).predict(["a", "b"])
    caught.value.message = "Failed to predict data '…'"  # as the scoring server does
    assert caught.value.get_http_status_code() == 400
    assert json.loads(caught.value.serialize_as_json())["message"] == "one galaxy, please"


OLD = Path(__file__).parents[1] / "data" / "model_0_1"
"""Logged at commit 46aed6d, two networks with every layer of galopt; without its copied code,
its input example and `registered_model_meta`. `answers.json` is what that code predicted."""


@pytest.fixture
def answers() -> dict:
    """Return what the code of before version 0.2 was asked, and what it said."""
    return json.loads((OLD / "answers.json").read_text())


def moved(caplog) -> list[str]:
    return [line for line in caplog.messages if "logged before version 0.2" in line]


def test_a_model_of_before_the_move_predicts_what_it_did(answers, caplog):
    with caplog.at_level(logging.INFO, "galopt"):
        model = open_model(str(OLD))
    assert len(moved(caplog)) == 1
    np.testing.assert_allclose(model.predict(answers["images"]), answers["fractions"], atol=1e-6)
    table = model.predict(np.array(answers["stamps"], np.uint8), errors=True)
    fractions, errors = table[["spheroid", "disk"]], table[["spheroid_err", "disk_err"]]
    np.testing.assert_allclose(fractions, answers["stamp_fractions"], atol=1e-6)
    np.testing.assert_allclose(errors, answers["stamp_errors"], atol=1e-6)


def test_mlflow_finds_the_loader_of_before_the_move(answers, caplog, tmp_path):
    """Beside the installed package, the copied code of such a model is never looked at."""
    shutil.copytree(OLD, tmp_path / "model")
    old_code = tmp_path / "model" / "code" / "galopt"
    old_code.mkdir(parents=True)
    for name in ("__init__.py", "serving.py"):
        (old_code / name).write_text("raise ImportError('another galopt')")
    file = tmp_path / "model" / "MLmodel"
    file.write_text(file.read_text().replace("    data:", "    code: code\n    data:"))
    with caplog.at_level(logging.INFO, "galopt"):
        model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert str(tmp_path / "model" / "code") not in sys.path  # for processes that are started
    assert len(moved(caplog)) == 1
    images = np.array(answers["images"], object)
    np.testing.assert_allclose(model.predict(images), answers["fractions"], atol=1e-6)
