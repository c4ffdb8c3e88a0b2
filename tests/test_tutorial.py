"""The tutorial, done as it is printed, in a clean clone of what is committed."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from helpers.pages import Block, blocks
from helpers.project import PROJECT

pytestmark = pytest.mark.tutorial

OURS = ("MLFLOW_", "UV_PROJECT", "VIRTUAL_ENV", "PYTHONPATH", "DVC_")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Return a clean clone, in the environment of somebody who has nothing else."""
    subprocess.run(["git", "clone", "--quiet", PROJECT, tmp_path / "galopt"], check=True)
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BROWSER", "true")  # the command: no window opens
    yield tmp_path / "galopt"
    shutil.rmtree(tmp_path / "galopt" / ".venv", ignore_errors=True)  # gigabytes


def test_the_tutorial_works_as_printed(clone):
    printed = ""
    for block in blocks("tutorial.md"):
        if block.language == "diff":
            edit(clone / "params.yaml", block.text)
        elif block.language == "text":
            assert shape(block.text.splitlines()[0]) in shape(printed)
        elif "galopt ui" in block.text:
            look(clone, block)
        else:
            printed = run(clone, block)
    votes, fractions = (pd.read_csv(clone / f) for f in ("data/survey/votes.csv", "fractions.csv"))
    assert len(fractions) == len(votes) == 1000
    targets = ["spheroid", "disk", "irregular", "point_source", "unclassifiable"]
    assert list(fractions) == ["id", "file", *targets, "unlike_training"]
    assert fractions[targets].stack().between(0, 1).all()


def run(clone: Path, block: Block) -> str:
    """Run a block's commands one after the other; return what they print."""
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block.text}{done.stdout}{done.stderr}"
    return done.stdout


def edit(file: Path, diff: str) -> None:
    """Change the lines of a file that a diff shows, each of which is there once."""
    text = file.read_text()
    for old, new in re.findall(r"^-(.*\n)\+(.*\n)", diff, re.MULTILINE):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)


def look(clone: Path, block: Block) -> None:
    """Start the server, open the page that it names, and end it with Ctrl-C."""
    process = subprocess.Popen(
        ["bash", "-c", block.text],
        cwd=clone,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            line = next(line for line in process.stdout if line.startswith("The experiment: "))
            with urllib.request.urlopen(line.split()[-1], timeout=60) as page:
                assert b"MLflow" in page.read()
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
    assert process.returncode == 0


def shape(text: str) -> str:
    """Return a text without its numbers and the ids of runs."""
    return re.sub(r"\b[0-9a-f]{8}\b|[-+]?[\d.]+", "#", text)
