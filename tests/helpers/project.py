"""The project's folder, and copies of what runs in it."""

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PARTS = (
    "galopt",
    "pipelines",
    "presets",
    ".dvcignore",  # Python writes its bytecode into what stages depend on
    "params.yaml",
    "dvc.yaml",
    "MLproject",
    "python_env.yaml",
)


def copy_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy what runs to `folder`, outside git, and make it the working folder."""
    folder.mkdir()
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(folder)
    return folder
