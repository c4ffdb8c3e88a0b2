"""A whole search on two workers: trained, pruned, tracked, drawn, resumed, refused."""

import shutil
import subprocess
import sys

import mlflow
import optuna
import pytest
import yaml

from benchmarks.terminal import foreign_lines
from pipelines import search as entry

SEARCH = """
import sys
from pipelines import search
search.make_dataset = lambda: None  # it lies there
search.main()
"""
SMALL = {
    "augment": {"repeats": 0},
    "network": {"pixels": 16, "convolutions": [{"filters": 4, "kernel": 3}], "dense": [8]},
    "search": {
        "epochs": 2,
        "space": {
            "network.convolutions.count": {"kind": "int", "low": 1, "high": 3},
            "network.convolutions.0.kernel": {"kind": "int", "low": 3, "high": 5},
            "train.learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
        },
    },
}


def search(*arguments: str) -> subprocess.CompletedProcess:
    """Run the entry point in the working folder."""
    return subprocess.run(
        [sys.executable, "-c", SEARCH, *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def searched(project, blobs):
    """Return what a search of two trials printed, in a project with a dataset."""
    shutil.copytree(blobs.folder, "data/dataset")
    (project / "params.yaml").write_text(yaml.safe_dump(SMALL))
    done = search("--trials=2", "--study=small")
    assert done.returncode == 0, done.stdout + done.stderr
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    yield done
    mlflow.set_tracking_uri(None)


def runs(kind: str) -> list:
    query = f"tags.`galopt.kind` = '{kind}'"
    return mlflow.search_runs(
        experiment_names=["galopt"], filter_string=query, output_format="list"
    )


def test_a_search_is_one_run_with_its_trials_curves_and_figures(searched, monkeypatch, capsys):
    client = mlflow.MlflowClient()
    assert foreign_lines(searched.stdout + searched.stderr) == []
    parent = runs("search")[0]
    trials = runs("trial")
    assert len(trials) == 2
    assert {run.info.status for run in [parent, *trials]} == {"FINISHED"}
    for run in trials:
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["galopt.state"] == "complete"
        assert run.data.params["train.epochs"] == "2"
        assert len(client.get_metric_history(run.info.run_id, "val_rmse")) >= 2
    best = min(run.data.metrics["best_val_rmse"] for run in trials)
    assert parent.data.metrics["best_val_rmse"] == pytest.approx(best)
    assert f"{best:.4f}: the best" in searched.stdout
    files = {file.path for file in client.list_artifacts(parent.info.run_id, "study")}
    names = ("history", "importances", "parallel_coordinates", "slices", "contour", "timeline")
    assert {f"study/{name}.{kind}" for name in names for kind in ("html", "png")} <= files
    assert "| trial |" in parent.data.tags["mlflow.note.content"]

    study = optuna.load_study(study_name="small", storage="sqlite:///search.db")
    resumed = search("--trials=2", "--study=small")
    assert resumed.returncode == 0, resumed.stderr
    assert len(study.trials) == 2
    assert len(runs("search")) == 1

    monkeypatch.setattr(entry, "make_dataset", lambda: None)
    other = ["--trials=2", "--study=small", "--overrides=train.batch_size=7"]
    monkeypatch.setattr(sys, "argv", ["search", *other])
    with pytest.raises(SystemExit, match="2"):
        entry.main()
    assert "was made for train.batch_size=128, not 7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--storage=mysql://there/db"], "search.storage='mysql://there/db'"),
        (["--storage=sqlite:////absent/folder/x.db"], "its folder does not exist"),
        (["--trials=few"], "search.trials='few'"),
        (["--overrides=search.sampler.kind=magic"], "search.sampler.kind='magic'"),
        (["--overrides=survey.simulate.seed=3"], "the dataset is made as params.yaml says"),
        (["--cluster=absent.yaml"], "cluster=absent.yaml"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(project, monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(sys, "argv", ["search", *arguments])
    with pytest.raises(SystemExit, match="2"):
        entry.main()
    assert words in capsys.readouterr().err.removesuffix("\n").splitlines()[-1]
