"""The commands of the README, really run, in a temporary copy of the project."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from helpers.commands import change, environment, python
from helpers.project import copy_project

from benchmarks.terminal import foreign_lines

SMALL = {
    "survey": {"simulate": {"galaxies": 150}},
    "train": {"epochs": 2},
    "augment": {"repeats": 0},
}


def read(path: str) -> dict:
    return json.loads(Path(path).read_text())


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """Return a project copy in which `dvc repro` and `mlflow run` have run once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = copy_project(tmp_path_factory.mktemp("end_to_end") / "project", patch)
        change("params.yaml", SMALL)
        python("dvc", "init", "--no-scm", "-q")
        python("dvc", "repro")
        yield folder


@pytest.fixture(autouse=True)
def _inside(request, monkeypatch):
    if "reproduced" in request.fixturenames:
        monkeypatch.chdir(request.getfixturevalue("reproduced"))


@pytest.fixture
def store(reproduced):
    """Return a client of the store in the project copy."""
    mlflow.set_tracking_uri(f"sqlite:///{reproduced}/mlflow.db")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


def runs(client, kind: str) -> list:
    experiment = client.get_experiment_by_name("galopt").experiment_id
    return client.search_runs([experiment], f"tags.`galopt.kind` = '{kind}'")


def test_dvc_repro_makes_what_it_promises(reproduced, store):
    evaluation, training = read("metrics/evaluation.json"), read("metrics/train.json")
    assert 0 < evaluation["test_rmse_floor"] < evaluation["test_rmse_constant"] < 0.5
    assert 0 < evaluation["test_rmse"] < 0.5
    assert evaluation["mlflow_run_id"] == training["mlflow_run_id"]
    assert len(pd.read_csv("plots/training/history.csv")) == training["epochs"]
    assert "simulated CANDELS F160W" in Path("report/index.html").read_text()
    assert "Findings" in Path("report/quality.html").read_text()
    run = store.get_run(training["mlflow_run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_rmse"] == pytest.approx(evaluation["test_rmse"])
    assert run.data.tags["galopt.dataset"] == read("data/dataset/dataset.json")["hash"]


def test_a_second_repro_does_nothing(reproduced, store):
    before = len(runs(store, "run"))
    assert "up to date" in python("dvc", "repro").stdout
    assert len(runs(store, "run")) == before


def test_the_run_holds_what_a_reader_looks_for(reproduced, store):
    run_id = read("metrics/train.json")["mlflow_run_id"]
    run = store.get_run(run_id)
    assert run.data.params["train.learning_rate"] == "0.001"
    assert run.data.params["augment.rotation"] == "360.0"
    assert {"galopt.preset", "galopt.survey", "galopt.dataset.md5"} <= set(run.data.tags)
    assert len(store.get_metric_history(run_id, "val_rmse")) == 2
    assert {point.step for point in store.get_metric_history(run_id, "train_rmse")} == {0, 1}
    assert {"epoch_seconds", "train_images_per_second", "test_rmse_disk"} <= set(run.data.metrics)
    assert len(run.inputs.dataset_inputs) == 3
    plots = {file.path for file in store.list_artifacts(run_id, "plots")}
    names = ("learning_curve", "augmented", "predicted", "best", "worst", "saliency")
    assert plots == {f"plots/{name}.svg" for name in names}


def test_the_published_results_stand_beside_it_once(reproduced, store):
    published = {
        run.info.run_name: run.data.metrics["published_rmse"] for run in runs(store, "published")
    }
    assert published["Ignat et al. 2016"] == 0.17
    assert published["Huertas-Company et al. 2015"] == 0.13
    assert len(published) == len(runs(store, "published"))


def test_the_registered_model_predicts_what_the_evaluation_says(reproduced, store):
    run_id = read("metrics/train.json")["mlflow_run_id"]
    (version,) = store.search_model_versions(f"run_id = '{run_id}'")
    model = mlflow.pyfunc.load_model(f"models:/galopt/{version.version}")
    images = np.load("data/dataset/images.npy")
    catalog = pd.read_parquet("data/dataset/catalog.parquet")
    test = (catalog["split"] == "test").to_numpy()
    predicted = model.predict(images[test])
    table = pd.read_csv("plots/evaluation/predictions.csv")
    assert list(table["id"]) == list(catalog.loc[test, "id"])
    np.testing.assert_allclose(predicted["disk"], table["predicted_disk"], atol=2e-3)


def test_a_training_can_start_from_the_registered_model(reproduced, store):
    from galopt.networks.build import load_model
    from galopt.tracking.models import starting_network

    (version,) = store.search_model_versions(
        f"run_id = '{read('metrics/train.json')['mlflow_run_id']}'"
    )
    start = starting_network(f"models:/galopt/{version.version}")
    for theirs, ours in zip(
        load_model(Path("models/model.keras")).get_weights(), start.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(theirs, ours)


def test_a_changed_training_parameter_reruns_training_only(reproduced):
    before = Path("params.yaml").read_text()
    change("params.yaml", {"train": {"epochs": 1}})
    printed = python("dvc", "repro", "train").stdout
    assert "'rescale' didn't change" in printed
    assert "Running stage 'train'" in printed
    Path("params.yaml").write_text(before)
    assert "Running stage" not in python("dvc", "repro").stdout


def test_metrics_and_plots_are_declared(reproduced):
    assert "test_rmse" in python("dvc", "metrics", "show").stdout
    python("dvc", "plots", "show", "-o", "dvc_plots")
    assert "val_rmse" in Path("dvc_plots/index.html").read_text()


def test_mlflow_run_trains_evaluates_and_reports(reproduced, store):
    before = {run.info.run_id for run in runs(store, "run")}
    parameters = ["-P", "epochs=1", "-P", "overrides=augment.brightness=0.5 train.batch_size=64"]
    done = python("mlflow", "run", ".", "--env-manager", "local", *parameters)
    assert foreign_lines(done.stdout + done.stderr) == []
    assert "vote-noise floor" in done.stdout
    (run,) = [run for run in runs(store, "run") if run.info.run_id not in before]
    assert run.info.status == "FINISHED"
    assert run.data.params["augment.brightness"] == "0.5"
    assert run.data.params["train.batch_size"] == "64"
    assert "test_rmse_floor" in run.data.metrics
    artifacts = {file.path for file in store.list_artifacts(run.info.run_id)}
    assert {"report.html", "quality.html"} <= artifacts


def test_the_page_of_a_tracked_run_is_written_again(reproduced, store):
    run_id = read("metrics/train.json")["mlflow_run_id"]
    printed = python("galopt.cli", "report", run_id[:8]).stdout
    page = Path(printed.removesuffix(" (open it in a browser)\n")).read_text()
    numbers = read("metrics/evaluation.json")
    assert f"{numbers['test_rmse']:.4f}" in page
    assert f"uv run galopt report {run_id[:8]}" in page
    for section in ("training", "gallery", "saliency", "reproduce"):
        assert f'id="{section}"' in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset=nonsense"], "no such preset; there are"),
        (["--learning_rate=abc"], "train.learning_rate='abc'"),
        (["--epochs=-1"], "train.epochs=-1"),
        (["--overrides=train.epoch=1"], "did you mean train.epochs?"),
        (["--overrides=survey.simulate.galaxies=9"], "change it there"),
        (["--bogus=3"], "-P bogus: no such parameter"),
    ],
)
def test_bad_parameters_end_in_one_clear_line(project, arguments, message):
    done = python("pipelines.run", *arguments, check=False)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not Path("mlflow.db").exists()
    assert not Path("data").exists()


def test_a_pushed_dataset_is_pulled_with_the_same_hash(reproduced, tmp_path, monkeypatch):
    python("dvc", "remote", "add", "-d", "--local", "folder", str(tmp_path / "remote"))
    python("dvc", "push", "-q")
    there = copy_project(tmp_path / "clone", monkeypatch)
    for name in ("params.yaml", "dvc.lock"):
        (there / name).write_text((reproduced / name).read_text())
    python("dvc", "init", "--no-scm", "-q")
    python("dvc", "remote", "add", "-d", "--local", "folder", str(tmp_path / "remote"))
    python("dvc", "pull", "-q", "data/dataset")
    ours, theirs = (folder / "data/dataset/dataset.json" for folder in (reproduced, there))
    assert theirs.read_text() == ours.read_text()
    printed = python("dvc", "repro", "rescale", "--allow-missing").stdout
    assert "Running stage" not in printed


@pytest.mark.long
def test_a_killed_training_resumes(reproduced, tmp_path, monkeypatch):
    there = copy_project(tmp_path / "killed", monkeypatch)
    shutil.copytree(reproduced / "data" / "dataset", there / "data" / "dataset")
    change("params.yaml", SMALL | {"train": {"epochs": 6}})
    command = [sys.executable, "-m", "pipelines.train"]
    process = subprocess.Popen(command, start_new_session=True, env=environment())
    deadline = time.monotonic() + 120
    while not list(Path("runs").glob("*/checkpoint.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    client = mlflow.MlflowClient(f"sqlite:///{there}/mlflow.db")
    (running,) = runs(client, "run")
    assert running.info.status == "RUNNING"
    (state,) = Path("runs").glob("*/checkpoint.json")
    done = read(str(state))["history"]
    assert len(done) < 6
    python("pipelines.train")
    assert client.get_run(running.info.run_id).info.status == "KILLED"
    run_id = read("metrics/train.json")["mlflow_run_id"]
    history = client.get_metric_history(run_id, "val_rmse")
    assert [point.step for point in history] == list(range(6))
    assert history[0].value == pytest.approx(done[0]["val_rmse"])
    assert not list(Path("runs").glob("*/checkpoint.json"))
