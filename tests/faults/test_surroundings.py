"""No home, no temporary folder, no right to write, no UTF-8: it works, or is one line."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import mlflow
import pytest
from helpers.project import copy_project
from mlflow.tracking.default_experiment.registry import get_experiment_id

from galopt.data.dvc import make_dataset
from galopt.errors import GaloptError, command_line
from galopt.tracking.models import open_model

CODE = """
import sys
from galopt.errors import DataError, command_line
from galopt.config.load import load_config
from galopt.files import read_json, write_json
with command_line():
    load_config("params.yaml")
    write_json("Zoë.json", {"name": "Zoë → π"})
    print(read_json("Zoë.json")["name"])
    raise DataError("no Zoë → π")
"""
HOSTILE = {
    "no home": {"HOME": None},
    "a home that cannot be": {"HOME": "/proc/none"},
    "no folder for temporary files": {"TMPDIR": "/proc/none"},
    "a locale without UTF-8": {"LC_ALL": "C"},
    "a terminal without UTF-8": {"PYTHONIOENCODING": "ascii"},
}


@pytest.mark.parametrize("situation", HOSTILE)
def test_a_command_works_there(situation, tmp_path, monkeypatch):
    folder = copy_project(tmp_path / "Zoë project #1", monkeypatch)
    changed = os.environ | HOSTILE[situation]
    environment = {name: value for name, value in changed.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, env=environment, cwd=folder
    )
    plain = "PYTHONIOENCODING" in HOSTILE[situation]
    shown = r"Zo\xeb \u2192 \u03c0" if plain else "Zoë → π"
    assert done.stdout.decode().strip() == shown
    assert done.stderr.decode().strip() == f"galopt: no {shown}"
    assert done.returncode == 2


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_what_may_not_be_written_is_one_line(number, capsys):
    with pytest.raises(SystemExit), command_line():
        raise OSError(number, os.strerror(number), "data/dataset")
    said = capsys.readouterr().err
    assert said.startswith(f"galopt: {os.strerror(number)} (data/dataset): make it")


def test_no_folder_for_temporary_files_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/none"])
    with pytest.raises(SystemExit), command_line(), tempfile.TemporaryDirectory():
        pass
    assert "set TMPDIR" in capsys.readouterr().err
    assert Path.cwd().exists()


@pytest.mark.parametrize("name", ["it's", 'a "b"', "100%", "a;b", "a?b"])
def test_a_folder_that_mlflow_would_break_on_is_refused_before_anything_is_made(
    name, tmp_path, monkeypatch, capsys
):
    folder = copy_project(tmp_path / name, monkeypatch)
    mlflow.set_tracking_uri(None)
    before = set(folder.iterdir())
    with pytest.raises(SystemExit) as ended:
        get_experiment_id()  # as `mlflow run` asks
    assert ended.value.code == 2
    assert "MLflow cannot keep its store in a path with" in capsys.readouterr().err
    with pytest.raises(GaloptError, match="cannot keep its store"):
        open_model("models:/galopt@champion")
    assert set(folder.iterdir()) == before


def test_a_folder_that_dvc_would_break_on_is_refused(tmp_path, monkeypatch):
    copy_project(tmp_path / "{y}", monkeypatch)
    with pytest.raises(GaloptError, match="DVC cannot work in a path with { or }"):
        make_dataset()
    assert not Path("data").exists()
