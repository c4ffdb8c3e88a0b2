"""What the report reads of other runs in the store."""

import mlflow
import pytest
from mlflow.entities import Param

from galopt.config.load import build_config, flatten
from galopt.report.run.related_runs import RelatedRuns, Trial, collect
from galopt.tracking.store import EXPERIMENT

HASH = "0123456789abcdef"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment(EXPERIMENT, artifact_location=str(folder / "artifacts"))
    yield
    mlflow.set_tracking_uri(None)


def log(kind: str, dataset: str = HASH, parent: str | None = None, **artifacts: str) -> str:
    """Log a run with tables as artifacts and return its id."""
    tags = {"galopt.kind": kind, "galopt.dataset": dataset}
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    with mlflow.start_run(
        experiment_id=experiment.experiment_id, tags=tags, parent_run_id=parent, nested=True
    ) as run:
        for name, text in artifacts.items():
            mlflow.log_text(text, f"{name}.csv")
    return run.info.run_id


def log_trial(search: str, number: int, state: str, values: list[float], changes: str = "") -> None:
    params = flatten(build_config({}, changes))
    run_id = log("trial", parent=search)
    client = mlflow.MlflowClient()
    client.set_tag(run_id, "galopt.trial", str(number))
    client.set_tag(run_id, "galopt.state", state)
    client.log_batch(run_id, params=[Param(key, str(value)) for key, value in params.items()])
    for step, value in enumerate(values):
        client.log_metric(run_id, "val_rmse", value, step=step)
    if state == "complete":
        client.log_metric(run_id, "best_val_rmse", min(values))
    else:
        client.set_tag(run_id, "galopt.reason", "not worth going on with")


@pytest.mark.usefixtures("store")
def test_newest_of_the_same_dataset_is_taken():
    log("ablation", ablation="arm,difference\nold,0\n")
    newest = log("ablation", ablation="arm,difference\nnew,0\n")
    log("ablation", dataset="another", ablation="arm,difference\nother,0\n")
    found = collect(HASH).ablation
    assert found is not None
    assert found.run.id == newest
    assert found.table["arm"].tolist() == ["new"]


@pytest.mark.usefixtures("store")
def test_search_is_told_by_its_trials():
    search = log(
        "search",
        best="trial,val_rmse\n2,0.15\n0,0.16\n",
        importances="parameter,importance\ntrain.optimizer,1\n",
    )
    log_trial(search, 0, "complete", [0.2, 0.16, 0.17], "train.optimizer=adam")
    log_trial(search, 1, "pruned", [0.3])
    log_trial(search, 2, "complete", [0.15], "train.optimizer=sgd")
    found = collect(HASH).search
    assert found is not None
    assert found.states == {"complete": 2, "pruned": 1, "fail": 0}
    assert (found.best, found.first, found.trial) == (0.15, 0.16, 2)
    assert found.changes.to_numpy().tolist() == [["train.optimizer", "adam", "sgd"]]
    assert found.importances is not None
    assert found.winner is not None
    assert found.winner.train.optimizer == "sgd"
    assert found.trials == [
        Trial(2, "complete", 0.15, ""),
        Trial(0, "complete", 0.16, ""),
        Trial(1, "pruned", None, "not worth going on with"),
    ]


@pytest.mark.usefixtures("store")
def test_an_open_run_stands_for_its_kind():
    finished = log("ensemble", members="name,test_rmse\na,0.1\n")
    other = log("ensemble", members="name,test_rmse\nb,0.2\n")
    mlflow.MlflowClient().set_terminated(finished, "RUNNING")
    newest, own = collect(HASH).ensemble, collect(HASH, "ensemble", finished).ensemble
    assert newest is not None
    assert own is not None
    assert (newest.run.id, own.run.id) == (other, finished)


@pytest.mark.usefixtures("store")
def test_a_search_without_a_complete_trial_has_found_nothing():
    assert collect(HASH, "search", log("search")).search is None


def test_no_store_means_no_findings(tmp_path):
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/none.db")
    try:
        assert collect(HASH) == RelatedRuns()
    finally:
        mlflow.set_tracking_uri(before)
    assert not list(tmp_path.iterdir())
