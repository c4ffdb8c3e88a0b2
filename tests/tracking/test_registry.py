"""The champion: taken over by the better model of the same dataset, and by no other."""

from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.pyfunc import PythonModel

from galopt.tracking import register


class Echo(PythonModel):
    """Answers what it is asked."""

    def predict(self, context, model_input: list[str]) -> list[str]:
        """Return the question."""
        return model_input


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Return the address of a logged model, in a store of its own."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(name="model", python_model=Echo(), pip_requirements=[])
    yield logged.model_uri
    mlflow.set_tracking_uri(None)


def champion() -> int:
    return int(mlflow.MlflowClient().get_model_version_by_alias("galopt", "champion").version)


def test_only_a_better_model_of_the_same_dataset_becomes_champion(model, blobs):
    other = replace(blobs, info=blobs.info | {"hash": "other"})
    assert register(model, 0.15, blobs) is None
    assert "has a lower validation RMSE" in register(model, 0.16, blobs)
    assert "has a lower validation RMSE" in register(model, 0.15, blobs)
    assert "was trained on another dataset" in register(model, 0.10, other)
    assert champion() == 1
    assert register(model, 0.14, blobs) is None
    assert champion() == 5
    assert "learnt from 50 galaxies" in register(model, 0.01, blobs, galaxies=50)
    assert champion() == 5


def test_a_champion_of_few_labels_makes_way_for_the_first_of_all(model, blobs):
    assert register(model, 0.10, blobs, galaxies=50) is None
    assert register(model, 0.15, blobs) is None
    assert champion() == 2
