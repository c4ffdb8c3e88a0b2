"""The page of all galaxies: what is in it; in Chromium: tests/services/test_explore.py."""

import base64
import io
import json
import re
import shutil

import mlflow
import numpy as np
import pytest
from helpers.model import log_untrained
from PIL import Image
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.errors import DataError
from galopt.prediction.inputs import stored_in
from galopt.report.explore.survey import explore
from galopt.report.explore.thumbnails import PER_ROW, PER_SHEET, Sheets
from galopt.tracking.models import open_model


@pytest.fixture(scope="module")
def store(blobs, tmp_path_factory):
    """Return a folder with a logged model of the blobs."""
    folder = tmp_path_factory.mktemp("explored")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        log_untrained(blobs, f"sqlite:///{folder}/mlflow.db")
        yield folder
    mlflow.set_tracking_uri(None)


def data_of(path) -> dict:
    """Return what is inside a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def numbers(text: str, kind: str = "<f4") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_a_page_of_a_dataset_holds_what_the_model_says_and_is_logged_in_its_run(store, blobs):
    words = ["--model", "models:/galopt/1", "--dataset", str(blobs.folder), "--out", "e.html"]
    done = CliRunner().invoke(app, ["explore", *words])
    assert done.exit_code == 0, done.exception
    assert done.stdout.startswith("e.html: ")
    assert "(open it in a browser)" in done.stdout
    data = data_of(store / "e.html")
    assert data["ids"] == blobs.catalog["id"].tolist()
    columns = {column["name"]: column for column in data["columns"]}
    assert {"spread of disk", "outlier score", "number of votes"} <= set(columns)
    model = open_model("models:/galopt/1")
    predicted = model.fractions(np.array(blobs.images))
    np.testing.assert_allclose(
        numbers(columns["predicted disk"]["values"]), predicted[:, 1], atol=1e-6
    )
    voted = numbers(columns["voted disk"]["values"])
    np.testing.assert_allclose(voted, blobs.catalog["disk"], atol=1e-6)
    splits = np.array(columns["split"]["words"])[numbers(columns["split"]["values"], "u1")]
    assert splits.tolist() == blobs.catalog["split"].tolist()
    logged = mlflow.artifacts.download_artifacts(run_id=model.origin["run"], artifact_path="e.html")
    assert data_of(store / "e.html") == data_of(type(store)(logged))
    refused = CliRunner().invoke(app, ["explore", *words])
    assert "e.html exists" in str(refused.exception)


def test_a_page_of_a_folder_holds_its_images(store, blobs, monkeypatch):
    monkeypatch.chdir(store)
    (store / "my").mkdir()
    for number in range(12):
        shutil.copy(blobs.folder.parent / "stamps" / f"g{number}.jpg", store / "my")
    words = ["my", "--model", "models:/galopt/1", "--out", "mine.html"]
    assert CliRunner().invoke(app, ["explore", *words]).exit_code == 0
    data = data_of(store / "mine.html")
    assert len(data["ids"]) == 12
    assert not any(column["name"].startswith("voted") for column in data["columns"])
    sheet = Image.open(io.BytesIO(base64.b64decode(data["sheets"][0])))
    assert sheet.size == (PER_ROW * data["side"], data["side"])


def test_what_is_alike_is_what_similar_finds(store, blobs):
    model = open_model("models:/galopt/1")
    explored = explore(model, stored_in(blobs, model), len(blobs.catalog))
    directions = explored.features / np.linalg.norm(explored.features, axis=1, keepdims=True)
    cosine = directions @ directions.T
    np.fill_diagonal(cosine, -1)
    found = np.take_along_axis(cosine, explored.near, axis=1)
    expected = -np.sort(-cosine, axis=1)[:, : found.shape[1]]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_too_few_and_too_many_galaxies_are_refused(store, blobs):
    model = open_model("models:/galopt/1")
    few = ((stamps[:5], table[:5]) for stamps, table in stored_in(blobs, model))
    with pytest.raises(DataError, match="5 galaxies; more than 10"):
        explore(model, few, 5)
    with pytest.raises(DataError, match="a page holds 100,000"):
        explore(model, few, 100_001)


def test_sheets_are_filled_row_by_row():
    sheets = Sheets(side=4)
    levels = (np.arange(PER_SHEET + 33) % 200).astype(np.uint8)
    sheets.add(np.tile(levels[:, None, None], (1, 8, 8)))
    packed = [Image.open(io.BytesIO(base64.b64decode(file))) for file in sheets.packed()]
    assert [file.size for file in packed] == [(4 * PER_ROW, 4 * PER_ROW), (4 * PER_ROW, 8)]
    last = np.asarray(packed[1].convert("L"))[::4, ::4][:2].ravel()
    expected = levels[PER_SHEET:].astype(int)
    np.testing.assert_allclose(last[: len(expected)], expected, atol=12)
