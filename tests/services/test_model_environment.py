"""A logged model loads where galopt is not installed: its requirements are all that it imports."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from helpers.model import log_untrained
from mlflow.artifacts import download_artifacts

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def logged(blobs, tmp_path_factory) -> Path:
    """Return the folder of a logged model."""
    folder = tmp_path_factory.mktemp("logged")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        uri = log_untrained(blobs, f"sqlite:///{folder}/mlflow.db")
        model = Path(download_artifacts(uri, dst_path=str(folder / "model")))
        mlflow.set_tracking_uri(None)
    return model


def python_that_is_there(folder: Path) -> Path:
    """Return a folder with a `pyenv` that hands over this Python instead of compiling one."""
    script = folder / "bin" / "pyenv"
    script.parent.mkdir()
    version = platform.python_version()
    script.write_text(
        '#!/bin/sh\nmkdir -p "$PYENV_ROOT/versions"\n'
        f'ln -sfn "{sys.base_prefix}" "$PYENV_ROOT/versions/{version}"\n'
    )
    script.chmod(0o755)
    return script.parent


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_it_predicts_in_an_environment_of_its_requirements(logged, tmp_path, manager):
    """MLflow's own check before a model is deployed, as its container does it too."""
    asked, out = logged / "serving_input_example.json", tmp_path / "out.json"
    command = [sys.executable, "-m", "mlflow", "models", "predict", "--model-uri", str(logged)]
    command += ["--env-manager", manager, "--input-path", str(asked), "--output-path", str(out)]
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    environment["MLFLOW_ENV_ROOT"] = str(tmp_path / "environments")
    environment["PATH"] = f"{python_that_is_there(tmp_path)}:{environment['PATH']}"
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (fractions,) = json.loads(out.read_text())["predictions"]
    expected = mlflow.pyfunc.load_model(str(logged)).predict(
        np.array(json.loads(asked.read_text())["inputs"], object)
    )
    assert fractions == pytest.approx(expected.iloc[0].to_dict(), abs=1e-5)
