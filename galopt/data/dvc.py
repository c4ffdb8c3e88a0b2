"""DVC, called where a run needs the dataset."""

import os
import subprocess
import sys
from pathlib import Path

from galopt.errors import GaloptError
from galopt.paths import DATASET


def make_dataset() -> None:
    """Reproduce `data/dataset` if it is missing or `params.yaml` asks for another.

    Raises
    ------
    GaloptError
        A stage failed; it has said why.
    """
    command = [sys.executable, "-m", "dvc", "repro", "rescale"]
    if (DATASET / "dataset.json").exists():
        command.append("--allow-missing")  # a pulled dataset needs no stamps
    if not Path(".dvc").is_dir():
        subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "-q"], check=True)
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_RUN_ID"}
    here = str(Path(sys.executable).parent)  # dvc.yaml's `python` must be this one
    environment["PATH"] = os.pathsep.join([here, environment.get("PATH", "")])
    if subprocess.run(command, env=environment).returncode:
        raise GaloptError("the dataset could not be made: see the message of the stage above")


def fetch_dataset() -> None:
    """Fetch `data/dataset` of `dvc.lock` from the DVC remote.

    Raises
    ------
    GaloptError
        There is no remote, or it does not have this dataset.
    """
    if subprocess.run([sys.executable, "-m", "dvc", "pull", "-q", "rescale"]).returncode:
        raise GaloptError("the dataset is not here and could not be pulled: see DVC's message")
