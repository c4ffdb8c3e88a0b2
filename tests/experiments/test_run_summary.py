"""The last lines of a run: what it is worth, and commands that work as they are printed."""

import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from galopt.config.load import build_config
from galopt.evaluation.evaluate import score
from galopt.experiments import run_summary
from galopt.prediction.output import check_output
from galopt.tracking.queries import TrackedRun


@pytest.fixture
def tracked(blobs, monkeypatch):
    """Pretend that runs were tracked; return the list of them, the newest first."""
    runs: list[TrackedRun] = []
    monkeypatch.setattr(run_summary, "all_runs", lambda: runs)
    monkeypatch.setattr(run_summary, "artifact_path", lambda run_id, path: None)
    return runs


def run(number: int, dataset: str) -> TrackedRun:
    tags = {"galopt.kind": "run", "galopt.dataset": dataset}
    metrics = {"test_rmse": 0.1}
    return TrackedRun(f"{number}" * 32, "net", "FINISHED", datetime(2026, 1, 1), {}, tags, metrics)


def said(dataset, overrides: str = "") -> str:
    test = dataset.split("test")
    evaluation = score(dataset, test, np.full_like(test.fractions, 0.4))
    survey = build_config({}, overrides).survey
    return run_summary.verdict(evaluation, dataset, "2" * 32, survey)


def test_the_rmse_has_its_interval_and_few_galaxies_are_named(blobs, tracked):
    words = said(blobs)
    assert "(95 %: " in next(line for line in words.splitlines() if "this run" in line)
    assert f"{len(blobs.split('test'))} test galaxies tell little" in words
    assert "-e crossvalidate" in words


def test_two_runs_of_one_dataset_can_be_compared_and_one_cannot(blobs, tracked):
    own = blobs.info["hash"]
    tracked[:] = [run(2, own)]
    assert "galopt compare" not in said(blobs)
    tracked[:] = [run(2, own), run(1, "another")]
    assert "galopt compare" not in said(blobs)
    tracked[:] = [run(2, own), run(1, own)]
    assert "Compare  uv run galopt compare --last 2" in said(blobs)


@pytest.mark.parametrize("earlier", ["predictions.csv", "predictions.csv.rejected.csv"])
def test_predictions_of_before_are_not_in_the_way(earlier, blobs, tracked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "--out" not in said(blobs)
    (tmp_path / earlier).touch()
    (words,) = re.findall(r"--model 22222222 --out (\S+)", said(blobs))
    check_output(Path(words), (), overwrite=False)


def test_the_images_of_a_folder_are_what_is_predicted(blobs, tracked, tmp_path, monkeypatch):
    monkeypatch.setitem(blobs.info, "source", "folder")
    folder = tmp_path / "my own"
    folder.mkdir()
    assert "predict my_galaxies/ --model 22222222  (my_galaxies/: a" in said(blobs)
    survey = build_config({"survey": {"folder": {"path": str(folder)}}}).survey
    assert run_summary.images_of(survey, blobs) == "my_galaxies/"
    Image.new("L", (20, 20)).save(folder / "a.png")
    assert run_summary.images_of(survey, blobs) == f"'{folder}'"
