"""`galopt init`: a project of one's own, from an installed galopt."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

SOURCE = Path(__file__).parents[1] / "config" / "project"
"""The repository's own files: links there, files in a wheel."""

PARTS = ("params.yaml", "params.schema.json", "dvc.yaml", "MLproject", "pipelines", "presets")

OURS = {"dvc.yaml": "- galopt/", "MLproject": "python_env:"}
"""How lines begin that are about galopt's own repository: its code, which an installed package
does not change, and the environment, which is the one in which it is installed."""


def init(
    folder: Annotated[Path, typer.Argument(help="where to make the project; new, or empty")],
) -> None:
    """Make a project: parameters, stages and entry points, ready to train.

    * `galopt init my_project`
    """
    from galopt.errors import DataError
    from galopt.files import atomic_folder

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: not an empty folder; name a new one")
    with atomic_folder(folder) as temporary:
        for part in PARTS:
            _copy(SOURCE / part, temporary / part)
    print(f"{folder}: {', '.join(PARTS)}")
    print(f"Train: cd {folder} && mlflow run . --env-manager local")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "builtin.py"))
    elif source.name in OURS:
        lines = source.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.lstrip().startswith(OURS[source.name])]
        target.write_text("".join(kept))
    else:
        shutil.copy(source, target)
