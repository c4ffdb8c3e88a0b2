"""galopt as others have it: a wheel, away from the repository."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from helpers.project import PROJECT

pytestmark = pytest.mark.service


def test_a_project_of_an_installed_wheel_trains(tmp_path):
    subprocess.run(["uv", "build", "-q", "--wheel", "-o", tmp_path, PROJECT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    install = ["uv", "pip", "install", "-q", "--no-deps", "--target", site, wheel]
    subprocess.run(install, check=True)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = kept | {"PYTHONPATH": str(site), "PATH": path}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    folder = tmp_path
    run("galopt.cli", "init", "my_project")
    folder = tmp_path / "my_project"
    params = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(params.replace("galaxies: 6000", "galaxies: 120"))
    wanted = "overrides=train.epochs=1 augment.repeats=0"
    run("mlflow", "run", ".", "--env-manager", "local", "-P", wanted)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    runs = mlflow.search_runs(
        experiment_names=["galopt"], filter_string="tags.`galopt.kind` = 'run'"
    )
    mlflow.set_tracking_uri(None)
    assert runs["metrics.test_rmse"].between(0, 1).tolist() == [True]
