"""Training by an installed wheel, in a project of one's own, far from the repository."""

import os
import subprocess
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from helpers.commands import change
from helpers.project import PROJECT

pytestmark = pytest.mark.service

SMALL = {
    "survey": {"simulate": {"galaxies": 150}},
    "train": {"epochs": 1},
    "augment": {"repeats": 0},
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """Return what a shell has in which a virtual environment with the wheel is active."""
    folder = tmp_path_factory.mktemp("installed")
    plain = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    run(["uv", "build", "--quiet", "--wheel", "--out-dir", folder, PROJECT], folder, plain)
    (wheel,) = folder.glob("*.whl")
    run(["uv", "venv", "--quiet", folder / "venv"], folder, plain)
    active = plain | {
        "VIRTUAL_ENV": str(folder / "venv"),
        "PATH": f"{folder / 'venv' / 'bin'}:{plain['PATH']}",
    }
    locked = ["--constraint", PROJECT / "requirements.txt"]
    run(["uv", "pip", "install", "--quiet", *locked, f"{wheel}[train]"], folder, active)
    return active


def run(command: list, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def runs_of(project: Path) -> list[str]:
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiment = client.get_experiment_by_name("galopt").experiment_id
    found = client.search_runs([experiment], "tags.`galopt.kind` = 'run'")
    return [run.info.run_id for run in found]


def test_a_project_of_ones_own_trains_and_predicts(environment, tmp_path, monkeypatch):
    run(["galopt", "init", "mine"], tmp_path, environment)
    mine = tmp_path / "mine"
    monkeypatch.chdir(mine)
    change("params.yaml", SMALL)
    run(["mlflow", "run", ".", "--env-manager", "local"], mine, environment)
    assert "ignat2016" in run(["galopt", "runs"], mine, environment)
    (trained,) = runs_of(mine)
    words = ["data/stamps", "--model", trained, "--out", "found.csv"]
    run(["galopt", "predict", *words], mine, environment)
    assert len(pd.read_csv(mine / "found.csv")) == 150
    assert not (mine / "galopt").exists()
