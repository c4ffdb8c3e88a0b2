"""A search among networks for classes minimises the share of galaxies that they get wrong."""

from types import SimpleNamespace

import mlflow
import pytest

from galopt.config.load import build_config
from galopt.errors import ConfigError
from galopt.experiments.search.objective import TrainingObjective
from galopt.experiments.search.tracked_search import search

SMALL = {
    "augment": {"repeats": 0},
    "network": {"pixels": 16, "convolutions": [{"filters": 4, "kernel": 3}], "dense": [8, 8]},
    "train": {"batch_size": 32, "epochs": 3},
    "search": {
        "objectives": ["val_error_rate", "flops"],
        "pruner": {"kind": "none"},
        "space": {"train.learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2}},
    },
}


def test_a_trial_is_judged_by_its_lowest_error_rate(classed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    client = mlflow.MlflowClient(store)
    run_id = client.create_run(client.create_experiment("galopt")).info.run_id
    config, told = build_config(SMALL), []
    objective = TrainingObjective(config, str(classed.folder), classed.info["hash"], store)
    task = SimpleNamespace(attributes={"mlflow_run_id": run_id}, search=config.search, first=0)
    report = SimpleNamespace(task=task, epoch=lambda _, best: told.append(best))
    error, flops = objective(report, {"train.learning_rate": 0.005})
    accuracies = [point.value for point in client.get_metric_history(run_id, "val_accuracy")]
    assert len(accuracies) == 3
    assert error == told[-1] == pytest.approx(1 - max(accuracies))
    assert flops > 0


def test_votes_have_no_error_rate(blobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="val_error_rate needs one class per galaxy"):
        search(build_config(SMALL), blobs)
    assert not list(tmp_path.iterdir())
