"""A served model: a real process that listens on this machine."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from galopt.data.dataset import Dataset
from helpers.model import log_untrained
from helpers.postgres_server import free_port
from helpers.project import PROJECT

START_SECONDS = 300


class Server:
    """A running server."""

    def __init__(self, port: int, folder: Path, process: int) -> None:
        self.port, self.folder, self.process = port, folder, process

    def ask(self, body: object, kind: str = "application/json") -> tuple[int, dict]:
        """Post a request; return status and answer."""
        text = body if isinstance(body, str) else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)) as connection:
            connection.request("POST", "/invocations", text, {"Content-Type": kind})
            reply = connection.getresponse()
            content = reply.read().decode()
        answer = json.loads(content) if content.startswith("{") else {"message": content}
        return reply.status, answer

    def up(self) -> bool:
        """Whether it answers."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            try:
                connection.request("GET", "/ping")
                return connection.getresponse().read() == b"\n"
            except OSError:
                return False

    def memory(self) -> float:
        """Memory that the server and the processes that it started use now, MiB."""
        server = psutil.Process(self.process)
        return sum(p.memory_info().rss for p in [server, *server.children(True)]) / (1 << 20)

    def peak(self) -> int:
        """Largest memory that the server has used so far, MiB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) >> 10


@contextmanager
def running(command: str, folder: Path) -> Iterator[Server]:
    """Run a server on the store of a folder until it is told to end, in at most ten seconds."""
    port, log = free_port(), folder / "log"
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": str(PROJECT),
        "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "300",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with log.open("w") as stream:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command.replace('5001', str(port))}"],
            env=environment,
            cwd=folder,
            stdout=stream,
            stderr=stream,
        )
    served = Server(port, folder, process.pid)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not served.up():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(1)
        yield served
        process.terminate()
        process.wait(10)
    finally:
        process.kill()


def texts(files: list[Path]) -> list[str]:
    return [base64.b64encode(file.read_bytes()).decode() for file in files]


def store_of_blobs(blobs: Dataset, folder: Path) -> Path:
    """Register an untrained model of the blobs in a folder's store, beside their images."""
    shutil.copytree(blobs.folder.parent / "stamps", folder / "my_galaxies")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        log_untrained(blobs, f"sqlite:///{folder}/mlflow.db")
    return folder
