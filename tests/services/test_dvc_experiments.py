"""DVC's tables of experiments, of two real ones in a repository: their numbers are the runs'."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from helpers.project import PROJECT, copy_project

pytestmark = pytest.mark.service

SMALL = (
    "survey.simulate.galaxies=120",
    "train.epochs=1",
    "augment.repeats=0",
    "train.precision=float32",
)
RMSE = "test_rmse"


def run(*words: str) -> str:
    """Run a command in the working folder; return what it printed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_")}
    names = {
        f"GIT_{who}_{what}": "a@b.c"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=kept | names)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dvc(*words: str) -> str:
    return run(sys.executable, "-m", "dvc", *words)


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """Return a clone in which one experiment was run in place and one from the queue."""
    with pytest.MonkeyPatch.context() as patch:
        folder = copy_project(tmp_path_factory.mktemp("dvc") / "project", patch)
        shutil.copy(PROJECT / ".gitignore", folder)
        run("git", "init", "-q")
        dvc("init", "-q")
        run("git", "add", "-A")
        run("git", "commit", "-qm", "galopt")
        changes = [word for change in SMALL for word in ("-S", change)]
        dvc("exp", "run", "-n", "first", *changes, "-S", "train.learning_rate=0.01", "report")
        dvc("exp", "run", "-n", "second", "--queue", *changes, "-S", "train.learning_rate=0.0005")
        dvc("queue", "start")
        dvc("queue", "logs", "second", "--follow")
        yield folder


def tracked() -> dict[float, float]:
    """Return the test RMSE of each run in MLflow, by its learning rate."""
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    runs = mlflow.search_runs(
        search_all_experiments=True, filter_string="tags.`galopt.kind` = 'run'"
    )
    mlflow.set_tracking_uri(None)
    rates = runs["params.train.learning_rate"].astype(float)
    return dict(zip(rates, runs[f"metrics.{RMSE}"], strict=True))


def test_the_tables_hold_the_numbers_of_the_runs(repository):
    runs = tracked()
    assert set(runs) == {0.01, 0.0005}
    table = pd.read_csv(io.StringIO(dvc("exp", "show", "--csv"))).set_index("Experiment")
    column = next(name for name in table if name.endswith(RMSE))
    for name, rate in (("first", 0.01), ("second", 0.0005)):
        assert float(table.loc[name, "train.learning_rate"]) == rate
        assert float(table.loc[name, column]) == pytest.approx(runs[rate], abs=1e-6)
    difference = json.loads(dvc("exp", "diff", "first", "second", "--json"))
    (changed,) = [d[RMSE] for d in difference["metrics"].values() if RMSE in d]
    assert changed["new"] - changed["old"] == pytest.approx(runs[0.0005] - runs[0.01], abs=1e-6)
    dvc("exp", "apply", "second")
    assert json.loads(Path("metrics/evaluation.json").read_text())[RMSE] == runs[0.0005]
    shown = json.loads(dvc("metrics", "diff", "first", "--json"))
    (changed,) = [d[RMSE] for d in shown.values() if RMSE in d]
    assert changed["old"] == pytest.approx(runs[0.01], abs=1e-6)
    assert changed["new"] == pytest.approx(runs[0.0005], abs=1e-6)
    print(dvc("exp", "show", "--only-changed", "--no-pager"))
