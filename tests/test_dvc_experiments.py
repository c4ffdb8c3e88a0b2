"""DVC's tables of experiments, read in a Git project as a person would."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import mlflow
import pytest
from helpers.commands import change, python
from helpers.project import PROJECT, copy_project

pytestmark = pytest.mark.slow

SMALL = {
    "survey": {"simulate": {"galaxies": 150}},
    "augment": {"repeats": 0},
    "train": {"epochs": 1, "learning_rate": 0.001},
}
EVALUATION = "metrics/evaluation.json"
PATIENCE = 600


def git(*words: str) -> None:
    person = ["-c", "user.name=A Person", "-c", "user.email=person@example.org"]
    subprocess.run(["git", *person, *words], check=True, capture_output=True)


def dvc(*words: str) -> str:
    return python("dvc", *words).stdout


def experiments() -> tuple[dict, dict]:
    """Return what `dvc exp show` knows of the commit, and of each experiment by its name."""
    shown = json.loads(dvc("exp", "show", "--json"))
    commit = next(row for row in shown if row["rev"] != "workspace")
    return commit["data"], {one["name"]: one["revs"][0]["data"] for one in commit["experiments"]}


def test_three_experiments_are_shown_compared_and_applied(tmp_path, monkeypatch):
    folder = copy_project(tmp_path / "project", monkeypatch)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(PROJECT / name, folder)
    change("params.yaml", SMALL)
    git("init", "-q")
    dvc("init", "-q")
    dvc("repro")
    git("add", "-A")
    git("commit", "-qm", "The paper's network")
    dvc("exp", "run", "-n", "slower", "-S", "train.learning_rate=0.0005")
    dvc("exp", "run", "--temp", "-n", "drop", "-S", "network.dropout=0.2")
    dvc("exp", "run", "--queue", "-n", "later", "-S", "train.seed=7")
    dvc("queue", "start")  # and not `exp run --run-all`, whose worker may never end (DVC 3.67)
    deadline = time.monotonic() + PATIENCE
    while "metrics" not in (experiments()[1].get("later") or {}):
        assert time.monotonic() < deadline
        time.sleep(5)
    dvc("queue", "stop", "--kill")
    baseline, made = experiments()

    assert set(made) == {"slower", "drop", "later"}
    found = {
        name: data["metrics"][EVALUATION]["data"]["test_rmse"]
        for name, data in {"baseline": baseline, **made}.items()
    }
    assert len(set(found.values())) == 4

    difference = json.loads(dvc("exp", "diff", "slower", "drop", "--json"))
    error = difference["metrics"][EVALUATION]["test_rmse"]
    assert (error["old"], error["new"]) == (found["slower"], found["drop"])
    changed = difference["params"]["params.yaml"]  # of what `slower` left in the working folder
    assert changed == {"network.dropout": {"old": None, "new": 0.2}}

    dvc("exp", "apply", "drop")
    assert json.loads(Path(EVALUATION).read_text())["test_rmse"] == found["drop"]
    moved = json.loads(dvc("metrics", "diff", "--json"))[EVALUATION]["test_rmse"]
    assert (moved["old"], moved["new"]) == (found["baseline"], found["drop"])
    assert "history.csv" in dvc("plots", "diff", "HEAD", "--json")

    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("galopt").experiment_id
    runs = client.search_runs([experiment], "tags.`galopt.kind` = 'run'")
    assert len(runs) == 4
