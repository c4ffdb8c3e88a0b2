"""A run that `mlflow run` has started, and whose parameters were refused, says why."""

import mlflow
import pytest

from galopt.errors import ConfigError
from pipelines.arguments import entry_point


def test_a_refused_run_says_why(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with pytest.raises(SystemExit), entry_point():
        raise ConfigError("train.epoch=2: no such parameter")
    tags = client.get_run(run_id).data.tags
    mlflow.set_tracking_uri(None)
    assert tags["galopt.reason"] == "train.epoch=2: no such parameter"
    assert tags["mlflow.note.content"] == tags["galopt.reason"]
    assert capsys.readouterr().err.endswith("galopt: train.epoch=2: no such parameter\n")


def test_an_interrupted_command_says_that_it_goes_on(capsys):
    with pytest.raises(SystemExit) as caught, entry_point():
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert "the same command goes on from here" in capsys.readouterr().err
