"""A project of one's own, as `galopt init` lays it out."""

import pytest
import yaml
from typer.testing import CliRunner

from galopt.cli.init import PARTS
from galopt.cli.main import app
from galopt.config.load import load_config
from galopt.data.protect_user_files import check_files


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["init", "my project"])
    assert done.exit_code == 0, done.exception
    return tmp_path / "my project"


def test_it_has_all_that_training_needs_and_nothing_of_galopts_own(made):
    assert sorted(path.name for path in made.iterdir()) == sorted(PARTS)
    assert not any(path.is_symlink() for path in made.rglob("*"))
    check_files(load_config(made / "params.yaml"))
    stages = yaml.safe_load((made / "dvc.yaml").read_text())["stages"]
    named = [
        word
        for stage in stages.values()
        for key in ("outs", "metrics")
        for word in stage.get(key, [])
    ]
    outs = {next(iter(word)) if isinstance(word, dict) else word for word in named}
    outs |= {"plots/training", "plots/evaluation"}
    for stage in stages.values():
        for needed in stage.get("deps", []):
            assert needed in outs or (made / needed).exists(), needed
    points = yaml.safe_load((made / "MLproject").read_text())
    assert "python_env" not in points
    assert {"main", "search"} <= set(points["entry_points"])


def test_a_folder_in_use_is_left_alone(made):
    (made / "params.yaml").write_text("mine")
    refused = CliRunner().invoke(app, ["init", str(made)])
    assert "not an empty folder" in str(refused.exception)
    assert (made / "params.yaml").read_text() == "mine"
