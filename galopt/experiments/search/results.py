"""What a study's best trial leads to: a configuration, a preset file, a fair measurement."""

import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
import pandas as pd
import yaml
from optuna.trial import FrozenTrial, TrialState

from galopt.compute.versions import commit
from galopt.config import Config, Search
from galopt.config.load import BUILT_IN, RUN_SECTIONS, build_config, flatten, load_config
from galopt.config.rerun_command import without_password
from galopt.config.search import VALIDATION_ERRORS
from galopt.errors import GaloptError
from galopt.experiments.search.lock import is_driven
from galopt.experiments.search.space import Space
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import load_study, settled
from galopt.files import atomic_file
from galopt.paths import PARAMS, PRESETS

if TYPE_CHECKING:  # it loads astropy, which looking at a study does not need
    from galopt.data.dataset import Dataset


def find(config: Config) -> tuple[optuna.Study, FrozenTrial, Config]:
    """Return the study that `config.search` names, its best trial, and what that stands for.

    Returns
    -------
    study : optuna.Study
    trial : FrozenTrial
    winner : Config
        The best trial's configuration with the full number of epochs.

    Raises
    ------
    GaloptError
        There is no such study, or no trial of it is complete.
    """
    study = load_study(config.search, open_storage(config.search.storage, make=False))
    trial = best_trial(study)
    return study, trial, _space(study, config).configure(trial.params)


def best_of(config: Config, study: str, count: int, dataset: "Dataset") -> list[tuple[str, Config]]:
    """Return names and configurations of a study's best trials, with the full number of epochs.

    Parameters
    ----------
    config : Config
        Its section `search` says where the study is and what its space was.
    study : str
    count : int
        Trials wanted; fewer are returned where fewer are complete.
    dataset : Dataset
        The study must be of it.

    Raises
    ------
    GaloptError
        There is no such study, it is of another dataset, or no trial of it is complete.
    """
    search = config.search.model_copy(update={"study": study})
    found = load_study(search, open_storage(search.storage, make=False))
    check_dataset(found, dataset)
    best_trial(found)
    space = _space(found, config)
    return [
        (f"trial {trial.number}", space.configure(trial.params))
        for trial in complete(found)[:count]
    ]


def _space(study: optuna.Study, config: Config) -> Space:
    """Return the space of a study: what was not searched is as it was when the study began."""
    began = {**config.model_dump(), **study.user_attrs.get("base", {})}
    return Space(build_config(began, {"train.epochs": config.train.epochs}))


def write_preset(study: optuna.Study, trial: FrozenTrial, winner: Config) -> Path:
    """Write the best configuration to the project's `presets`, named after the study.

    Returns
    -------
    path
        The preset's file, which says where it comes from.

    Raises
    ------
    GaloptError
        A preset of this name was not written by a search, or the folder cannot be written.
    """
    path = PRESETS / f"{study.study_name}.yaml"
    head = f"# The best of study {study.study_name}"
    if (
        (BUILT_IN / path.name).is_file()
        or path.exists()
        and not path.read_text("utf-8").startswith(head)
    ):
        raise GaloptError(f"{path} is not of a search: give the study another name")
    lines = [
        f"{head}: trial {trial.number} of {len(study.get_trials(deepcopy=False))},",
        f"# {error_name(study)} {trial.values[0]:.4f}, {date.today()}, "
        f"commit {commit() or 'unknown'},",
        f"# dataset {study.user_attrs['made_for']['dataset']}. The best of many noisy trials",
        "# flatters itself: `uv run galopt search retrain` measures it again.",
        f"# Command:  uv run mlflow run . --env-manager local -P preset={study.study_name}",
    ]
    try:
        with atomic_file(path) as temporary:
            body = yaml.safe_dump(_sections(trial, winner), sort_keys=False)
            temporary.write_text("\n".join(lines) + f"\n{body}", encoding="utf-8")
    except OSError as error:
        raise GaloptError(f"{path}: {error.strerror}") from None
    return path


def overruled(study: optuna.Study, winner: Config, file: Path = PARAMS) -> list[str]:
    """Return the overrides that the preset needs because `params.yaml` states other values."""
    read = flatten(load_config(file, {"network.preset": study.study_name}))
    wanted = flatten(winner)
    return [
        f"{key}={value}"
        for key, value in wanted.items()
        if key.split(".")[0] in RUN_SECTIONS and key != "network.preset" and read.get(key) != value
    ]


def check_dataset(study: optuna.Study, dataset: "Dataset") -> None:
    """Refuse a dataset that the study is not of.

    Raises
    ------
    GaloptError
        What it has found says nothing about this one.
    """
    searched = study.user_attrs["made_for"]["dataset"]
    if dataset.info["hash"] != searched:
        raise GaloptError(
            f"study {study.study_name!r} is of dataset {searched}, and {dataset.folder} is "
            f"{dataset.info['hash']}: make that one again, or search this one"
        )


def seeds(winner: Config, count: int) -> list[Config]:
    """Return the winner's configuration with so many seeds."""
    first = winner.train.seed
    stated = winner.model_dump(exclude={"search"})
    return [build_config(stated, {"train.seed": first + number}) for number in range(count)]


def trial_epochs(study: optuna.Study, config: Config) -> int:
    """Return for how many epochs the trials of a study were trained."""
    return study.user_attrs["made_for"].get("train.epochs", config.search.epochs)


def _sections(trial: FrozenTrial, winner: Config) -> dict[str, Any]:
    """Return the network, and what was searched of the rest."""
    plain = winner.model_dump(include={"network"})
    plain["network"].pop("preset")
    for key in trial.params:
        section, name, *_ = key.split(".")
        if section != "network":
            plain.setdefault(section, {})[name] = getattr(getattr(winner, section), name)
    return plain


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials, the lowest validation error first."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: trial.values[0])


def best_trial(study: optuna.Study) -> FrozenTrial:
    """Return the trial with the lowest validation error.

    Raises
    ------
    GaloptError
        No trial is complete.
    """
    best = complete(study)
    if not best:
        raise GaloptError(f"study {study.study_name!r} has no complete trial yet")
    return best[0]


def objectives(study: optuna.Study) -> list[str]:
    """Return the names of what a study minimises."""
    return study.user_attrs["made_for"]["search.objectives"]


def error_name(study: optuna.Study) -> str:
    """Return what a person calls the first objective of a study."""
    return VALIDATION_ERRORS[objectives(study)[0]]


def options(search: Search) -> str:
    """Return the options by which `galopt search` finds a study, beside `params.yaml`."""
    stated = load_config(PARAMS if PARAMS.exists() else None).search
    words = ""
    if search.study != stated.study:
        words += f" --study {shlex.quote(search.study)}"
    if search.storage != stated.storage:
        words += f" --storage {shlex.quote(without_password(search.storage))}"
    return words


def best_table(study: optuna.Study, rows: int = 10) -> pd.DataFrame:
    """Return the best trials, one a row: number, objectives, epochs, parameters."""
    names = objectives(study)
    return pd.DataFrame(
        {"trial": trial.number}
        | dict(zip(names, trial.values, strict=True))
        | {"epochs": len(trial.intermediate_values) or None, **trial.params}
        for trial in complete(study)[:rows]
    )


def progress(study: optuna.Study, config: Config) -> str:
    """Return how many of its trials a study has done, and how far those are that run."""
    trials = study.get_trials(deepcopy=False)
    wanted = study.user_attrs.get("trials", config.search.trials)
    lines = [f"{len(settled(trials))} of {wanted} trials done"]
    running = [trial for trial in trials if trial.state == TrialState.RUNNING]
    if running and not is_driven(config.search.storage, study.study_name):
        return f"{lines[0]}; the search was stopped: the same command goes on"
    for trial in running:
        values = trial.intermediate_values
        words = f"  trial {trial.number} is running"
        if values:
            epochs = trial_epochs(study, config)
            error = f"{error_name(study)} {min(values.values()):.4f}"
            words += f", epoch {len(values)} of {epochs}, {error} so far"
        lines.append(words)
    return "\n".join(lines)


def verdict(study: optuna.Study) -> str:
    """Return what a person wants to read when a search has ended."""
    counts = {
        state: len(study.get_trials(deepcopy=False, states=(state,)))
        for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    }
    lines = [
        f"Study {study.study_name}: {counts[TrialState.COMPLETE]} trials complete, "
        f"{counts[TrialState.PRUNED]} pruned, {counts[TrialState.FAIL]} failed"
    ]
    found, error = complete(study), error_name(study)
    named = [(trial, trial.user_attrs["origin"]) for trial in found if "origin" in trial.user_attrs]
    for trial, name in [(trial, "the best") for trial in found[:1]] + named:
        lines.append(f"  {error} {trial.values[0]:.4f}: {name}, trial {trial.number}")
    return "\n".join(lines)
