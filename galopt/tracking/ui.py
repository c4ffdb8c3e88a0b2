"""MLflow's own web pages, started on this machine with the right store."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TextIO

import mlflow

from galopt.compute.progress import busy
from galopt.errors import GaloptError, verbose
from galopt.tracking.queries import all_runs, check_store, find_run
from galopt.tracking.store import open_store
from galopt.tracking.ui_view import prepare

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
READER = "what MLflow's server says"
NOTES = "[MLflow] Security middleware enabled"
"""How a line of the server begins that nobody needs to read: it listens on this machine only."""

PATIENCE = 600
"""Seconds that a server may take to answer; 20 to 90 were seen on two busy cores."""


def serve(port: int, browser: bool, run: str | None = None) -> None:
    """Serve the store on localhost until interrupted.

    Parameters
    ----------
    port : int
        Where to listen.
    browser : bool
        Open the page in the browser when the server is up.
    run : str, optional
        Show this run and not the table of all: its id, its name or the start of either.

    Raises
    ------
    GaloptError
        Nothing was tracked yet, or not this run.
        The port is taken, or the server ends by itself or does not answer.
    """
    store = mlflow.get_tracking_uri()
    page = page_of(run)
    if store.startswith("http"):
        _welcome(f"{store}{page}", browser)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the server too
    with suppress(KeyboardInterrupt), server(port) as process:
        _welcome(f"http://{HOST}:{port}{page}", browser)
        process.wait()


@contextmanager
def server(port: int) -> Iterator[subprocess.Popen]:
    """Serve the store on localhost while the block runs; errors are those of `serve`."""
    _refuse_taken(port)
    # without the workers of MLflow's pages for language models: seven processes
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | os.environ
    process = _start(command(mlflow.get_tracking_uri(), port), environment)
    try:
        with busy("Starting MLflow's pages"):
            _wait(process, port)
        yield process
    finally:
        process.terminate()
        process.wait()


def _start(words: list[str], environment: dict[str, str]) -> subprocess.Popen:
    """Start the server; of what it says only errors are shown, unless all is wanted."""
    if verbose():
        return subprocess.Popen(words, env=environment)
    process = subprocess.Popen(
        words,
        env=environment | {"PYTHONWARNINGS": "ignore"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    Thread(target=_pass_on, args=[process.stderr], name=READER, daemon=True).start()
    return process


def _pass_on(stream: TextIO) -> None:
    with stream:
        for line in stream:
            if not line.startswith(NOTES):
                print(line, end="", file=sys.stderr, flush=True)


def page_of(run: str | None) -> str:
    """Return what follows the server's address."""
    check_store()
    if run is None:
        return prepare(open_store())
    found = find_run(run, all_runs())
    return f"/#/experiments/{open_store()}/runs/{found.id}"


def command(store: str, port: int) -> list[str]:
    """Return the command that serves a store; one worker starts four times as fast as many."""
    words = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    words += ["--host", HOST, "--port", str(port), "--backend-store-uri", store]
    return [*words, "--uvicorn-opts", "--log-level=warning"]


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = error.strerror or error
            raise GaloptError(f"port {port}: {reason}; choose another with --port") from None


def _wait(process: subprocess.Popen, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise GaloptError(f"MLflow's server stopped with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise GaloptError(f"MLflow's server did not answer in {PATIENCE} s")


def _welcome(address: str, browser: bool) -> None:
    logger.info(f"The experiment: {address}\nStop with Ctrl-C")
    if browser:
        webbrowser.open(address)
