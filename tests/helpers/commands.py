"""Commands as a user types them, and the parameters that they read."""

import os
import subprocess
import sys
from pathlib import Path

import yaml


def environment() -> dict[str, str]:
    """Return a user's environment: MLflow in this process leaves its own in `os.environ`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}


def python(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run a module of this environment in the working folder."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def change(path: str, values: dict) -> None:
    """Change a YAML file, section by section."""
    content = yaml.safe_load(Path(path).read_text())
    for section, inside in values.items():
        for key, value in inside.items():
            nested = isinstance(value, dict)
            content[section][key] = content[section][key] | value if nested else value
    Path(path).write_text(yaml.safe_dump(content))
