"""Where a result comes from."""

import shlex
import subprocess

import pytest

from galopt.compute.versions import commit, versions
from galopt.config.load import build_config, load_config, load_run_config
from galopt.config.rerun_command import command, differences, started_by, title, without_password


def test_defaults_need_no_override():
    assert (
        command(load_config("params.yaml"))
        == "uv run mlflow run . --env-manager local -P preset=ignat2016"
    )


@pytest.mark.parametrize(
    "overrides",
    [
        "train.epochs=2",
        "train.epochs=60",
        "network.preset=modern augment.repeats=0",
        "augment.flip=false augment.zoom=1.2",
        "network.dense=[64,32] network.convolutions.0.filters=16",
        'network.convolutions=[{"filters":8,"kernel":6,"pool":2}]',
        "evaluate.zooms=[1.0,1.2] train.optimizer=sgd",
    ],
)
def test_command_trains_the_same_configuration(overrides):
    config = load_run_config(overrides)
    words = shlex.split(command(config))
    given = dict(word.split("=", 1) for word in words if "=" in word)
    again = load_run_config(f"network.preset={given['preset']} {given.get('overrides', '')}")
    assert again == config


def test_the_command_of_a_search_shows_no_password():
    line = started_by("search", {"storage": "postgresql://me:secret@db/studies"})
    assert "secret" not in line
    assert "-P storage=" in line
    assert without_password("sqlite:///search.db") == "sqlite:///search.db"


def test_command_leaves_the_dataset_to_params_yaml():
    config = build_config({"survey": {"simulate": {"galaxies": 50}}})
    assert differences(config) == {"survey.simulate.galaxies": 50}
    assert "galaxies" not in command(config)


def test_command_of_a_parent_is_the_one_that_was_given():
    logged = {"seeds": "5", "overrides": "train.epochs=2 augment.flip=false", "train.epochs": "2"}
    line = started_by("ablation", logged)
    assert line == (
        "uv run mlflow run . -e ablate --env-manager local "
        "-P overrides='train.epochs=2 augment.flip=false' -P seeds=5"
    )
    unset = {"members": "params.yaml", "overrides": "none"}
    assert started_by("ensemble", unset).endswith("-e ensemble --env-manager local")


def test_list_that_was_unset_is_a_difference():
    config = build_config({"survey": {"folder": {"targets": ["smooth"]}}})
    assert differences(config) == {"survey.folder.targets": ["smooth"]}


def test_versions_are_of_what_is_installed():
    assert {"python", "galopt", "keras", "numpy"} <= versions().keys()


def test_commit_outside_a_repository_is_unknown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert commit() is None


def test_commit_marks_changed_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "file").write_text("one")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    clean = commit()
    assert clean is not None
    assert len(clean) == 40
    (tmp_path / "file").write_text("two")
    assert commit() == f"{clean}-dirty"


def test_title_says_what_differs_from_the_preset():
    assert title(build_config({}, "")) == "ignat2016"
    config = build_config({"train": {"epochs": 8}}, "network.dropout=0.4 network.preset=modern")
    assert title(config) == "modern dropout=0.4 epochs=8"


def test_title_counts_what_it_has_no_room_for():
    config = build_config({}, "train.epochs=8 train.seed=1 network.dropout=0.4")
    assert (
        title(config, most=len("dropout=0.4 epochs=8"))
        == "ignat2016 dropout=0.4 epochs=8 and 1 more"
    )
