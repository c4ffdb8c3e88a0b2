"""The best trial: printed, written as a preset, read back."""

import shutil
import subprocess
import sys
from pathlib import Path
from statistics import mean
from types import SimpleNamespace

import mlflow
import optuna
import pytest
import yaml
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.config.load import flatten, load_config
from galopt.errors import GaloptError
from galopt.evaluation.evaluate import constant_rmse
from galopt.experiments import ensemble
from galopt.experiments.search import results, summary
from galopt.experiments.search.lock import only_driver

SPACE = {
    "network.dense.count": {"kind": "int", "low": 1, "high": 2},
    "network.dense.0": {"kind": "int", "low": 8, "high": 2048},
    "train.batch_size": {"kind": "categorical", "choices": [64, 128]},
    "train.learning_rate": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
}
VALUES = {
    "network.dense.count": 1,
    "network.dense.0": 64,
    "train.batch_size": 64,
    "train.learning_rate": 0.002,
}


SMALL = {
    "augment": {"repeats": 0},
    "network": {"pixels": 16, "convolutions": [{"filters": 4, "kernel": 3}], "dense": [8, 8]},
    "train": {"batch_size": 128, "epochs": 3},
    "search": {"study": "found", "space": SPACE},
}


@pytest.fixture
def studied(tmp_path, monkeypatch):
    """Make a finished study of two trials, the second better; return the project's presets."""
    monkeypatch.chdir(tmp_path)
    stated = {"train": {"batch_size": 128}, "search": {"study": "found", "space": SPACE}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(stated))
    study = optuna.create_study(study_name="found", storage="sqlite:///search.db")
    study.set_user_attr("made_for", {"dataset": "abc", "search.objectives": ["val_rmse"]})
    space = results.Space(load_config("params.yaml"))
    for values, rmse in ((VALUES | {"network.dense.0": 32}, 0.2), (VALUES, 0.1)):
        study.enqueue_trial(values)
        trial = study.ask()
        space.suggest(trial)
        study.tell(trial, rmse)
    return tmp_path / "presets"


def galopt(*words: str) -> str:
    done = CliRunner().invoke(app, ["search", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_winner_keeps_what_was_not_searched_though_params_yaml_changed(studied):
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    began = load_config("params.yaml", "train.loss=binary_crossentropy network.pixels=40")
    shared = {"augment", "network", "train"}
    study.set_user_attr("base", began.model_dump(mode="json", include=shared))
    _, _, config = results.find(load_config("params.yaml", "train.loss=mse train.epochs=9"))
    assert (config.train.loss, config.network.pixels) == ("binary_crossentropy", 40)
    assert config.train.learning_rate == VALUES["train.learning_rate"]
    assert config.train.epochs == 9


def test_the_winner_is_the_best_trials_configuration(studied):
    _, trial, config = results.find(load_config("params.yaml"))
    assert trial.number == 1
    assert config.network.dense == [64]
    assert config.train.batch_size == 64
    assert config.train.epochs == load_config("params.yaml").train.epochs


def test_a_written_preset_gives_the_winner_back_with_the_overrides_that_are_printed(studied):
    printed = galopt("best", "--write")
    text = (studied / "found.yaml").read_text()
    assert "trial 1 of 2" in text
    assert "validation RMSE 0.1000" in text
    assert "dataset abc" in text
    assert 'overrides="train.batch_size=64"' in printed
    again = load_config("params.yaml", "network.preset=found train.batch_size=64")
    _, _, config = results.find(load_config("params.yaml"))
    flat = flatten(config) | {"network.preset": "found"}
    assert flatten(again) == flat
    galopt("best", "--write")


def test_a_preset_that_a_person_wrote_is_never_replaced(studied):
    studied.mkdir()
    (studied / "found.yaml").write_text("# mine\n")
    with pytest.raises(GaloptError, match="is not of a search"):
        galopt("best", "--write")


def test_a_study_named_as_one_of_galopts_presets_replaces_none(studied):
    study, trial, config = results.find(load_config("params.yaml"))
    named = SimpleNamespace(study_name="modern", get_trials=study.get_trials)
    with pytest.raises(GaloptError, match=r"modern\.yaml is not of a search"):
        results.write_preset(named, trial, config)


def test_status_counts_the_trials_and_shows_the_best(studied):
    printed = galopt("status")
    assert "2 trials complete, 0 pruned, 0 failed" in printed
    assert "0.1000: the best, trial 1" in printed


def test_the_best_is_printed_short_and_its_command_exact(studied):
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    study.enqueue_trial(VALUES | {"train.learning_rate": 0.0019997385996617808})
    trial = study.ask()
    results.Space(load_config("params.yaml")).suggest(trial)
    study.tell(trial, 0.05)
    printed = galopt("best")
    assert "  train.learning_rate: 0.002\n" in printed
    assert "train.learning_rate=0.0019997385996617808" in printed


def test_status_says_which_trials_run_and_how_far_they_are(studied):
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    study.set_user_attr("trials", 20)
    study.set_user_attr("made_for", study.user_attrs["made_for"] | {"train.epochs": 8})
    begun, reporting = study.ask(), study.ask()
    for epoch, rmse in enumerate((0.3, 0.25, 0.25)):
        reporting.report(rmse, epoch)
    with only_driver("sqlite:///search.db", "found"):
        printed = galopt("status")
    assert "2 of 20 trials done\n" in printed
    assert f"trial {begun.number} is running\n" in printed
    assert "trial 3 is running, epoch 3 of 8, validation RMSE 0.2500 so far" in printed
    killed = galopt("status")
    assert "2 of 20 trials done; the search was stopped: the same command goes on" in killed
    assert "running" not in killed


def test_the_status_of_another_users_study_can_be_read(studied, monkeypatch):
    def refuse(lock):
        raise PermissionError(13, "Permission denied")

    optuna.load_study(study_name="found", storage="sqlite:///search.db").ask()
    monkeypatch.setattr("galopt.experiments.search.lock.taken", refuse)
    assert "trial 2 is running" in galopt("status")


def test_the_status_of_a_study_needs_no_dataset_and_no_mlflow():
    check = "import sys, galopt.experiments.search.results; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert not {"astropy", "mlflow", "tensorflow"} & set(loaded.stdout.split())
    assert "optuna" in loaded.stdout.split()


def test_a_study_that_is_not_there_is_named(studied):
    with pytest.raises(GaloptError, match="no study 'absent'.*there is found"):
        galopt("status", "--study", "absent")


def test_seeds_differ_and_nothing_else_does(studied):
    _, _, config = results.find(load_config("params.yaml"))
    flat = [flatten(one) for one in results.seeds(config, 3)]
    assert [one.pop("train.seed") for one in flat] == [2016, 2017, 2018]
    assert flat[0] == flat[1] == flat[2]


@pytest.fixture
def store(studied):
    """Work in a store of its own."""
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


def study_is_of(dataset: str) -> None:
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    made_for = {"dataset": dataset, "search.objectives": ["val_rmse"], "train.epochs": 2}
    study.set_user_attr("made_for", made_for)


def test_the_winner_is_trained_again_with_seeds_and_the_mean_is_told(store, blobs):
    Path("params.yaml").write_text(yaml.safe_dump(SMALL))
    shutil.copytree(blobs.folder, "data/dataset")
    study_is_of(blobs.info["hash"])
    printed = galopt("retrain", "--seeds", "2")
    experiment = store.get_experiment_by_name("galopt").experiment_id
    runs = store.search_runs([experiment], "tags.`galopt.kind` = 'run'")
    assert {run.data.params["train.seed"] for run in runs} == {"2016", "2017"}
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.data.params["network.dense"] == "[64]"
        assert run.data.params["train.learning_rate"] == "0.002"
        assert run.data.params["train.epochs"] == "3"
    told = mean(run.data.metrics["test_rmse"] for run in runs)
    assert f"test RMSE after 3 epochs {told:.4f} ±" in printed
    within = [store.get_metric_history(run.info.run_id, "val_rmse")[:2] for run in runs]
    told = mean(min(point.value for point in points) for points in within)
    assert f"validation RMSE within the trial's 2 epochs {told:.4f} ±" in printed
    assert "over 2 seeds; the trial had 0.1000" in printed
    champion = store.get_model_version_by_alias("galopt", "champion")
    best = min(runs, key=lambda run: run.data.metrics["best_val_rmse"])
    assert champion.run_id == best.info.run_id


def test_the_end_of_a_search_has_the_constant_the_champion_and_commands(
    studied, blobs, monkeypatch
):
    monkeypatch.setattr(summary, "where_to_look", lambda run_id: [f"Report   {run_id}"])
    monkeypatch.setattr(summary, "champion_rmse", lambda dataset: None)
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    search = load_config("params.yaml").search
    lines = summary.summary(study, search, blobs, "1f2e").splitlines()
    constant = constant_rmse(blobs, blobs.split("validation"))
    assert lines[1] == "  validation RMSE 0.1000: the best, trial 1"
    assert lines[2] == f"  validation RMSE {constant:.4f}: always answering the mean"
    assert lines[3:] == [
        "Report   1f2e",
        "Keep     uv run galopt search best --write",
        "Measure  uv run galopt search retrain",
    ]
    monkeypatch.setattr(summary, "champion_rmse", lambda dataset: 0.1811)
    other = search.model_copy(update={"study": "wide"})
    text = summary.summary(study, other, blobs, "1f2e")
    assert "  validation RMSE 0.1811: the champion of this dataset" in text
    assert "galopt search best --write --study wide" in text
    assert "galopt search retrain --study wide" in text


@pytest.mark.parametrize(
    ("constant", "champion", "said"),
    [(0.3, 0.0999, "The champion is better, so keep"), (0.09, None, "Not better than always")],
)
def test_a_trial_that_something_known_beats_is_not_to_be_kept(
    constant, champion, said, studied, blobs, monkeypatch
):
    monkeypatch.setattr(summary, "where_to_look", lambda run_id: [])
    monkeypatch.setattr(summary, "champion_rmse", lambda dataset: champion)
    monkeypatch.setattr(summary, "constant_rmse", lambda dataset, split: constant)
    study = optuna.load_study(study_name="found", storage="sqlite:///search.db")
    text = summary.summary(study, load_config("params.yaml").search, blobs, "1f2e")
    assert said in text
    assert "Keep " not in text
    assert "Measure  uv run galopt search retrain" in text


def test_an_ensemble_takes_the_best_trials_of_a_study_as_its_members(studied, blobs):
    study_is_of(blobs.info["hash"])
    config = load_config("params.yaml", {"ensemble.study": "found", "ensemble.members": 3})
    names, members = zip(*ensemble.variants(config, blobs), strict=True)
    assert names == ("1: trial 1", "2: trial 0", "3: trial 1")
    assert [member.network.dense for member in members] == [[64], [32], [64]]
    assert [member.train.seed for member in members] == [2016, 2017, 2018]
    assert {member.train.epochs for member in members} == {config.train.epochs}


def test_an_ensemble_does_not_take_members_of_another_dataset(studied, blobs):
    config = load_config("params.yaml", {"ensemble.study": "found"})
    with pytest.raises(GaloptError, match="study 'found' is of dataset abc"):
        ensemble.variants(config, blobs)


def test_the_winner_is_not_trained_on_another_dataset(studied, blobs):
    shutil.copytree(blobs.folder, "data/dataset")
    with pytest.raises(GaloptError, match="study 'found' is of dataset abc, and data/dataset is"):
        galopt("retrain")
