"""The store of an experiment that DVC runs in a copy of the project."""

import os
from pathlib import Path

import pytest

from galopt.tracking.dvc_experiment import use_project_store


@pytest.mark.parametrize("inside", ["", "data/dataset"])
def test_a_copy_of_dvc_has_its_projects_store(inside, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("_MLFLOW_SERVER_ARTIFACT_ROOT", raising=False)
    use_project_store(Path("/home/me/my project/.dvc/tmp/exps/tmp1abc") / inside)
    assert os.environ["MLFLOW_TRACKING_URI"] == "sqlite:////home/me/my%20project/mlflow.db"
    assert os.environ.pop("_MLFLOW_SERVER_ARTIFACT_ROOT") == "/home/me/my project/mlruns"


def test_any_other_folder_and_a_store_that_is_stated_are_left(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    use_project_store(Path("/home/me/project"))
    assert "MLFLOW_TRACKING_URI" not in os.environ
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", "s3://there")
    use_project_store(Path("/home/me/project/.dvc/tmp/exps/tmp1abc"))
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://server"
