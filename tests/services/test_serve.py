"""The server that `docs/how-to/serve.md` starts, asked as written there, and attacked."""

import base64
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from helpers.hostile import ENDLESS_FITS, lying_fits, png_bomb
from helpers.server import Server, running, store_of_blobs, texts

from galopt.data.imaging.image_files import find_files
from galopt.prediction.inputs import stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.predict import predict
from galopt.tracking.models import open_model

pytestmark = pytest.mark.service

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"


def blocks(language: str) -> list[str]:
    """Return the page's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def store(blobs, tmp_path_factory) -> Path:
    """Register a model of the blobs, untrained, in a folder's store."""
    return store_of_blobs(blobs, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(store) -> Iterator[Server]:
    """Serve it as the page says."""
    with running(blocks("sh")[0], store) as served:
        yield served
    mlflow.set_tracking_uri(None)


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
        ({"inputs": [[[1, 2], [3, 4]]]}, 400, "image 0: 2x2 px; at least 16 px a side are needed"),
        ({"inputs": []}, 400, ""),
        ({"inputs": {}}, 400, ""),
        ({"images": ["a"]}, 400, "inputs"),
        ("{", 400, "JSON"),
        ("[" * 100_000, 400, "the request cannot be read: "),
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


def test_a_file_that_never_ends_holds_nobody_up(server):
    """The axes of such a header are counted for hours by a reader that believes it."""
    start = time.monotonic()
    status, answer = server.ask({"inputs": [base64.b64encode(ENDLESS_FITS).decode()]})
    assert status == 400
    assert "image" in answer["message"]
    assert time.monotonic() - start < 30
    status, _ = server.ask({"inputs": texts([server.folder / "my_galaxies" / "g0.jpg"])})
    assert status == 200


def test_silent_clients_and_clients_that_do_not_read_hold_nobody_up(server):
    stamp = texts([server.folder / "my_galaxies" / "g0.jpg"])
    request = json.dumps({"inputs": stamp * 400}).encode()
    head = f"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: {len(request)}\r\n"
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(10)
        ]
        for connection in silent[:5]:
            connection.sendall(head.encode())
        silent[9].sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + request)
        start = time.monotonic()
        assert server.ask({"inputs": stamp})[0] == 200
        assert time.monotonic() - start < 20


def test_errors_may_be_asked_for(server):
    stamp = texts([server.folder / "my_galaxies" / "g0.jpg"])
    status, answer = server.ask({"inputs": stamp, "params": {"errors": True}})
    assert status == 200
    assert answer["predictions"][0]["disk_spread"] > 0  # nothing has calibrated this model


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


def test_mlflow_s_own_server_answers_the_same(store, champion):
    file = store / "my_galaxies" / "g0.jpg"
    serve = "mlflow models serve -m models:/galopt@champion --env-manager local --port 5001"
    with running(serve, store) as served:
        status, answer = served.ask({"inputs": texts([file])})
        assert served.ask({"inputs": [str(file)]})[0] == 400
    assert status == 200
    assert answer["predictions"][0] == pytest.approx(champion.predict([file]).iloc[0].to_dict())
