"""MLflow's store where it was cut, locked, moved or named oddly: one line each, and a way out."""

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from helpers.project import PROJECT

from galopt.config.load import load_config
from galopt.errors import GaloptError
from galopt.tracking import sqlite
from galopt.tracking.queries import all_runs
from galopt.tracking.runs import start_run
from galopt.tracking.sqlite import check_store, make_store, store_path
from galopt.tracking.store import experiment_id, open_store

KIND = {"galopt.kind": "run"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Return the store of a project in which nothing has run."""
    folder = tmp_path_factory.mktemp("made")
    make_store(f"sqlite:///{folder}/mlflow.db")
    return folder / "mlflow.db"


@pytest.fixture
def store(made, tmp_path, monkeypatch) -> Path:
    """Return a copy of it in the working folder, the default store there."""
    folder = tmp_path / "Zoë project" / "a #1"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(None)
    return Path(shutil.copy(made, folder / "mlflow.db"))


def execute(store: Path, *statements: str) -> None:
    with closing(sqlite3.connect(store)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def add_run(experiment: str) -> str:
    client = mlflow.MlflowClient()
    run = client.create_run(experiment, tags=KIND)
    client.log_text(run.info.run_id, "hello", "a.txt")
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def test_a_path_with_spaces_accents_and_a_hash_has_its_runs(store):
    run_id = add_run(experiment_id())
    assert [run.id for run in all_runs()] == [run_id]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/a.txt") == "hello"
    assert list(Path.cwd().glob("mlruns/*/*/artifacts/a.txt"))


@pytest.mark.parametrize("letter", ["'", '"', "%", ";"])
def test_a_path_that_breaks_mlflow_is_refused_early(letter, tmp_path):
    with pytest.raises(GaloptError, match=r"rename the folder, or set MLFLOW_TRACKING_URI"):
        store_path(f"sqlite:///{tmp_path}/my{letter.replace('%', '%25')}project/mlflow.db")


def damaged(store: Path) -> None:
    with store.open("r+b") as file:
        file.seek(0)
        file.write(b"no database" * 300)


def newer(store: Path) -> None:
    execute(store, "update alembic_version set version_num = 'fedcba987654'")
    with_run(store)


def older(store: Path) -> None:
    execute(store, "update alembic_version set version_num = '451aebb31d03'")
    with_run(store)


def with_run(store: Path) -> None:
    execute(store, "insert into runs (run_uuid, experiment_id) values ('a', 0)")


CUT = {
    damaged: "file is not a database; put a copy in its place, or move it away",
    newer: "newer MLflow .*use that version",
    older: "older MLflow: copy it, then uv run mlflow db upgrade sqlite:///",
}


@pytest.mark.parametrize("cut", CUT, ids=lambda cut: cut.__name__)
@pytest.mark.parametrize("look", [all_runs, experiment_id, open_store])
def test_a_store_that_cannot_be_used_is_one_line(cut, look, store):
    cut(store)
    before = store.read_bytes()
    with pytest.raises(GaloptError, match=CUT[cut]) as caught:
        look()
    assert "\n" not in str(caught.value)
    assert store.read_bytes() == before


def test_a_locked_store_is_one_line(store, monkeypatch):
    monkeypatch.setattr(sqlite, "_WAIT", 0.1)
    with closing(sqlite3.connect(store)) as other:
        other.execute("begin exclusive")
        with pytest.raises(GaloptError, match="locked; another program holds it"):
            experiment_id()


def half_made(store: Path) -> None:
    execute(store, "update alembic_version set version_num = '451aebb31d03'", "drop table spans")


@pytest.mark.parametrize("cut", [half_made, lambda store: store.write_bytes(b"")])
def test_a_half_made_store_without_runs_is_set_aside_and_made_again(cut, made, store, monkeypatch):
    cut(store)
    monkeypatch.setattr(sqlite, "_make", lambda path: shutil.copy(made, path))
    assert not check_store(store)
    add_run(experiment_id())
    assert len(all_runs()) == 1
    assert len(list(store.parent.glob("mlflow.db.half-made-*"))) == 1


def test_runs_of_other_experiments_are_found_by_their_kind(store):
    client = mlflow.MlflowClient()
    there = add_run(client.create_experiment("mine"))
    client.create_run(client.create_experiment("other"))
    assert [run.id for run in all_runs()] == [there]


def test_a_deleted_experiment_says_how_to_restore_it(store):
    mlflow.MlflowClient().delete_experiment(experiment_id())
    with pytest.raises(GaloptError, match="mlflow experiments restore -x 1"):
        experiment_id()


def test_a_copied_project_reads_and_writes_its_own_artifacts(store, tmp_path, monkeypatch):
    run_id = add_run(experiment_id())
    shutil.copytree(store.parent, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    experiment = experiment_id()
    Path(next(store.parent.glob("mlruns/*/*/artifacts/a.txt"))).write_text("the original's")
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/a.txt") == "hello"
    before = set(store.parent.rglob("*"))
    second = add_run(experiment)
    assert set(store.parent.rglob("*")) == before
    assert list(Path.cwd().glob(f"mlruns/*/{second}/artifacts/a.txt"))


def started_by_mlflow(seconds_ago: float) -> str:
    """Return a run as `mlflow run` leaves it before its program says who it is."""
    run = mlflow.MlflowClient().create_run(
        experiment_id(),
        tags={"mlflow.source.type": "PROJECT"},
        start_time=int((time.time() - seconds_ago) * 1000),
    )
    return run.info.run_id


def status(run_id: str) -> str:
    return mlflow.get_run(run_id).info.status


def test_a_run_whose_mlflow_run_was_killed_is_closed_at_the_next_start(store, caplog):
    dead, young = started_by_mlflow(3600), started_by_mlflow(0)
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env=os.environ | {"MLFLOW_RUN_ID": started_by_mlflow(3600)},
    ) as program:
        with caplog.at_level(logging.INFO):
            open_store()
        open_runs = {run.info.run_id for run in running()}
        program.kill()
    assert status(dead) == "KILLED"
    assert young in open_runs
    assert len(open_runs) == 2
    assert "Marked as killed, as their processes are gone: 1 runs" in caplog.messages


def running() -> list:
    return mlflow.MlflowClient().search_runs(["1"], "attributes.status = 'RUNNING'")


@pytest.mark.parametrize("deleted", [True, False])
def test_a_stale_run_id_in_the_environment_is_one_line(deleted, store, blobs, monkeypatch):
    run_id = add_run(experiment_id()) if deleted else "0" * 32
    if deleted:
        mlflow.delete_run(run_id)
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with (
        pytest.raises(GaloptError, match=f"MLFLOW_RUN_ID={run_id} is no run of .*unset"),
        start_run(load_config(PROJECT / "params.yaml"), blobs),
    ):
        pass
