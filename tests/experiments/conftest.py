"""What tests of experiments share."""

from collections.abc import Iterator

import mlflow
import pytest


@pytest.fixture
def store(tmp_path, monkeypatch) -> Iterator[mlflow.MlflowClient]:
    """Work in an empty folder with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)
