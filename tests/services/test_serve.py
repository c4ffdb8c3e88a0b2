"""The server that `docs/how-to/serve.md` starts, asked as written there, and attacked."""

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
from contextlib import closing
from pathlib import Path

import keras
import mlflow
import numpy as np
import pandas as pd
import psutil
import pytest
from helpers.hostile import lying_fits, png_bomb
from helpers.postgres_server import free_port

from galopt import tracking
from galopt.config import Evaluate, Stamps
from galopt.config.load import build_config
from galopt.data.imaging.images import find_files
from galopt.networks.view import View
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.predict import predict
from galopt.tracking.models import open_model

pytestmark = pytest.mark.service

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"
START_SECONDS = 300


def blocks(language: str) -> list[str]:
    """Return the page's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def network() -> keras.Model:
    stamps = keras.Input((84, 84), dtype="uint8")
    view = View(45, 0.52, mean=0.2, std=0.2, name="view")(stamps)
    start = keras.initializers.RandomNormal(stddev=0.03, seed=1)
    seen = keras.layers.Flatten()(view)
    fractions = keras.layers.Dense(2, "sigmoid", kernel_initializer=start, name="fractions")(seen)
    return keras.Model(stamps, fractions)


class Server:
    """A running server."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder

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

    def peak(self) -> int:
        """Largest memory that the server has used so far, MiB."""
        (process,) = [
            found.pid
            for found in psutil.net_connections()
            if found.laddr.port == self.port and found.status == "LISTEN"
        ]
        status = Path(f"/proc/{process}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) >> 10


@pytest.fixture(scope="module")
def server(blobs, tmp_path_factory) -> Iterator[Server]:
    """Register a model of the blobs, untrained, and serve it as the page says."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(blobs.folder.parent / "stamps", folder / "my_galaxies")
    store = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        mlflow.set_tracking_uri(store)
        config = build_config({})
        with tracking.start_run(config, blobs):
            model = MorphologyModel([network()], blobs.targets, Evaluate(), Stamps())
            tracking.register(tracking.log_model(model, blobs), 0.1, blobs)
        port = free_port()
        command = blocks("sh")[0].replace("5001", str(port))
        environment = os.environ | {
            "MLFLOW_TRACKING_URI": store,
            "PYTHONPATH": str(PAGE.parents[2]),
            "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "300",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        log = folder / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], env=environment, stdout=stream, stderr=stream
            )
        try:
            served = Server(port, folder)
            deadline = time.monotonic() + START_SECONDS
            while not served.up():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(1)
            yield served
        finally:
            process.terminate()
            process.wait()
            mlflow.set_tracking_uri(None)


def texts(files: list[Path]) -> list[str]:
    return [base64.b64encode(file.read_bytes()).decode() for file in files]


@pytest.fixture(scope="module")
def champion(server) -> MorphologyModel:
    """Return the model that is served."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(server.folder)
        model = open_model("models:/galopt@champion")
    assert model.origin["model"] == "models:/galopt/1"
    return model


def predictions(model: MorphologyModel, files: list[Path]) -> pd.DataFrame:
    """Return what `galopt predict` says of images."""
    return pd.concat([table for table, _ in predict(model, stamps_in(files))], ignore_index=True)


@pytest.fixture(scope="module")
def predicted(server, champion) -> pd.DataFrame:
    """Return what `galopt predict` says of the galaxies."""
    return predictions(champion, find_files([str(server.folder / "my_galaxies")]))


def test_the_python_client_of_the_page_works_as_written(server, predicted):
    client = blocks("python")[0].replace("5001", str(server.port))
    done = subprocess.run(
        [sys.executable, "-c", client], capture_output=True, text=True, cwd=server.folder
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 200
    name, fractions = lines[7].split(" ", 1)
    assert name == Path(predicted["file"][7]).name
    expected = predicted.loc[7, ["spheroid", "disk"]].astype(float).to_dict()
    assert json.loads(fractions.replace("'", '"')) == pytest.approx(expected, abs=1e-5)


def test_the_curl_line_of_the_page_works_as_written(server, predicted):
    line = blocks("sh")[1].replace("5001", str(server.port))
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=server.folder)
    (fractions,) = json.loads(done.stdout)["predictions"]
    expected = predicted.set_index("id").loc["g0", ["spheroid", "disk"]].astype(float).to_dict()
    assert fractions == pytest.approx(expected, abs=1e-5)


def test_served_numbers_are_those_of_predict(server, predicted):
    status, answer = server.ask({"inputs": texts(list(map(Path, predicted["file"])))})
    assert status == 200
    served = pd.DataFrame(answer["predictions"])
    np.testing.assert_allclose(served, predicted[["spheroid", "disk"]], atol=1e-5)
    assert np.ptp(served["disk"]) > 0.1


@pytest.mark.real
@pytest.mark.parametrize(("folder", "count"), [("candels_f160w", 6), ("ceers_f200w", 1000)])
def test_real_galaxies_are_served_the_numbers_of_predict(
    server, champion, real_data, folder, count
):
    files = find_files([str(real_data / folder)])[:count]
    expected = predictions(champion, files)
    assert list(expected["file"]) == list(map(str, files))
    assert len(files) == count
    served = []
    for start in range(0, count, 250):
        status, answer = server.ask({"inputs": texts(files[start : start + 250])})
        assert status == 200
        served += answer["predictions"]
    fractions = expected[["spheroid", "disk"]]
    np.testing.assert_allclose(pd.DataFrame(served), fractions, atol=1e-5)
    assert fractions.stack().between(0, 1).all()


def test_arrays_and_tables_are_answered_too(server, blobs):
    stamps = blobs.split("test").images[:3]
    status, answer = server.ask({"inputs": stamps.tolist()})
    assert status == 200
    assert len(answer["predictions"]) == 3
    (text,) = texts([server.folder / "my_galaxies" / "g0.jpg"])
    table = {"columns": ["stamps"], "data": [[text]]}
    assert server.ask({"dataframe_split": table})[1] == server.ask({"inputs": [text]})[1]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"inputs": ["../../etc/passwd"]}, 400, "image 0: not base64"),
        ({"inputs": [[[1, 2], [3, 4]]]}, 400, "shape (1, 2, 2); give base64"),
        ({"inputs": []}, 400, ""),
        ({"inputs": {}}, 400, ""),
        ({"images": ["a"]}, 400, "inputs"),
        ("{", 400, "JSON"),
        ("[" * 100_000, 500, ""),
    ],
)
def test_a_wrong_request_has_a_status_and_a_reason(server, body, status, reason):
    answered, answer = server.ask(body)
    assert answered == status
    assert reason in answer["message"]
    if reason.startswith("image"):
        assert answer["message"] == reason
    assert server.up()


def test_hostile_images_are_refused_in_bounded_memory(server, tmp_path):
    png_bomb(tmp_path / "bomb.png", 50_000)
    lying_fits(tmp_path / "lies.fits", 50_000, 50_000)
    (tmp_path / "pickle.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '|O', }\n")
    before = server.peak()
    for name, reason in (("bomb.png", "too large"), ("lies.fits", "too large"), ("pickle.npy", "")):
        status, answer = server.ask({"inputs": texts([tmp_path / name])})
        assert status == 400
        assert answer["message"].startswith("image 0: ")
        assert reason in answer["message"]
        assert "\n" not in answer["message"]
    assert server.peak() - before < 300
    assert server.up()


def test_two_gigabytes_are_refused_in_bounded_memory(server):
    before = server.peak()
    size = 2 << 30
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)) as connection:
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        for _ in range(size >> 20):
            connection.send(b" " * (1 << 20))
        reply = connection.getresponse()
        message = json.loads(reply.read())["message"]
    assert reply.status == 413
    assert "send at most" in message
    assert server.peak() - before < 150
    assert server.up()
