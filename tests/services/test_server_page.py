"""docs/how-to/server.md, done as it is written, on a real PostgreSQL."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest
from helpers.pages import blocks
from helpers.postgres_server import free_port, postgresql  # noqa: F401
from helpers.project import PROJECT

pytestmark = pytest.mark.service

PATIENCE = 240
"""Seconds that the server may take to answer on two busy cores."""

LOG_A_RUN = """
import mlflow
from galopt.tracking import open_store
from galopt.tracking.queries import all_runs

with mlflow.start_run(experiment_id=open_store(), run_name="by hand", tags={"galopt.kind": "run"}):
    mlflow.log_metric("test_rmse", 0.2)
    mlflow.log_text("seen", "note.txt")
print(*(run.name for run in all_runs()), sep="\\n")
"""


@pytest.fixture
def server(postgresql, tmp_path, monkeypatch):  # noqa: F811
    """Follow the page up to its user; return the shell's lines that set what it needs."""
    port = free_port()
    admin = f"postgresql://postgres:secret@127.0.0.1:{postgresql.port}/postgres"
    monkeypatch.setenv("POSTGRES_ADMIN", admin)
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", sys.prefix)
    monkeypatch.setenv("UV_NO_SYNC", "1")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    bash = [block.text for block in blocks("how-to/server.md") if block.language == "bash"]
    places = set_variables(
        bash[0],
        MLFLOW_HOME=tmp_path / "mlflow",
        MLFLOW_HOST="galopt.example.org",
        MLFLOW_PORT=port,
        DATABASE=f"postgresql+psycopg://mlflow@127.0.0.1:{postgresql.port}/mlflow",
    )
    started = next(number for number, text in enumerate(bash) if "mlflow server" in text)
    before = [places, *(text for text in bash[1:started] if "uv sync" not in text)]
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", "\n".join([*before, f"exec {bash[started]}"])],
        cwd=PROJECT,
        start_new_session=True,
    )
    try:
        wait(process, f"http://127.0.0.1:{port}/health")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join([places, bash[started + 1]])], cwd=PROJECT
        )
        assert done.returncode == 0
        yield port, bash[started + 2]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def set_variables(text: str, **values) -> str:
    """Give the page's variables values of this machine."""
    for name, value in values.items():
        text, times = re.subn(rf"^export {name}=\S+", f"export {name}={value}", text, flags=re.M)
        assert times == 1, name
    return text


def wait(process: subprocess.Popen, health: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            urllib.request.urlopen(health, timeout=5).close()
        except OSError:
            time.sleep(1)
        else:
            return
    raise AssertionError("the server did not answer")


def status(port: int, **headers: str) -> int:
    """Return the status with which the server answers a question about the experiments."""
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=1"
    try:
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_the_page_works_as_written(server, tmp_path):
    port, hers = server
    hers = set_variables(hers, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")
    script = tmp_path / "log_a_run.py"
    script.write_text(LOG_A_RUN)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{hers}\nexec {sys.executable} {script}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {"by hand", "Ignat et al. 2016"} <= set(done.stdout.splitlines())
    assert [file.read_text() for file in Path(tmp_path).rglob("note.txt")] == ["seen"]
    secrets = tmp_path / "mlflow" / "secrets"
    assert {file.stat().st_mode & 0o777 for file in secrets.iterdir()} == {0o600}

    hers = "Basic " + b64encode(b"ada:a long password").decode()
    wrong = "Basic " + b64encode(b"ada:guessed").decode()
    assert status(port, Authorization=hers) == 200
    assert status(port) == 401
    assert status(port, Authorization=wrong) == 401
    assert status(port, Authorization=hers, Host="galopt.example.org") == 200
    assert status(port, Authorization=hers, Host="elsewhere.example.com") == 403
