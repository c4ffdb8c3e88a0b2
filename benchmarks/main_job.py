"""Times the main job part by part: the README's command in a clone of what is committed.

With one epoch, as the epochs are known already (`benchmarks.training_speed`); every `-P` goes to
`mlflow run`. The packages are in uv's cache, if it has them.

    uv run python -m benchmarks.main_job [-P epochs=20]
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from benchmarks.terminal import lines, record

PARTS = {
    "environment, first imports": r"",
    "DVC, painting the tiles": r"Making the dataset",
    "cutting the stamps": r"Cutting stamps",
    "rescaling them": r"Rescaling stamps",
    "the quality page": r"Checking the dataset",
    "TensorFlow, MLflow": r"galaxies, dataset",
    "epochs": r"^Training",
    "logging, registering": r"^epoch +(\d+)/\1 ",
    "measuring the test galaxies": r"Measuring the test galaxies",
    "the report": r"Writing the report",
    "ending the processes": r"^RMSE on",
}
"""A part of the job, and the line with which it begins."""

TOGETHER = {
    "the data": ("DVC, painting the tiles", "TensorFlow, MLflow"),
    "after the last epoch": ("logging, registering", ""),
}
"""Parts that belong together: the first of them, and the first that comes after them."""


def beginnings(said: Sequence[tuple[float, str]]) -> dict[str, float]:
    """Return the seconds at which each part begins, and at which the job ends, under ''."""
    began = {next(iter(PARTS)): 0.0}
    for seconds, line in said:
        for part, first in PARTS.items():
            if part not in began and re.search(first, line):
                began[part] = seconds
    end, last = said[-1]
    if last != "exit status 0" or began.keys() != PARTS.keys():
        sys.exit("\n".join([line for _, line in said[-40:]] + ["The main job did not end well"]))
    return began | {"": end}


def main() -> None:
    """Run the job and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)
        os.environ.pop("VIRTUAL_ENV", None)
        os.chdir(folder)
        options = sys.argv[1:] or ["-P", "epochs=1"]
        command = ["uv", "run", "--locked", "mlflow", "run", ".", "--env-manager", "local"]
        began = beginnings(list(lines(record([*command, *options]), redrawn=0)))
        os.chdir("/")
    names = list(began)
    for part, after in zip(names, names[1:], strict=False):
        print(f"{part:<30}{began[after] - began[part]:7.1f} s")
    print(f"{'all':<30}{began['']:7.1f} s")
    for whole, (first, after) in TOGETHER.items():
        print(f"{whole:<30}{began[after] - began[first]:7.1f} s")


if __name__ == "__main__":
    main()
