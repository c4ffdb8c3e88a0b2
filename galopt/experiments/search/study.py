"""The Optuna study: its pruner, what it was made for, what is left to do."""

import json
import logging
from copy import deepcopy
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.storages import BaseStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from galopt.config import Parameter, Pruner, Search
from galopt.config.load import build_config, flatten_preset
from galopt.errors import GaloptError
from galopt.experiments.search.optuna_internals import earlier_attempts, set_attribute
from galopt.experiments.search.sampler import SeededByTrial
from galopt.experiments.search.space import Space
from galopt.paths import PARAMS

logger = logging.getLogger(__name__)

RETRIES = 2
PAPER = "ignat2016"

optuna.logging.set_verbosity(optuna.logging.WARNING)


def make_pruner(pruner: Pruner, epochs: int) -> BasePruner:
    """Return the Optuna pruner that a configuration asks for, for trials of so many epochs."""
    if pruner.kind == "none":
        return NopPruner()
    if pruner.kind == "median":
        return MedianPruner(n_startup_trials=pruner.startup, n_warmup_steps=pruner.min_epochs - 1)
    return HyperbandPruner(
        min_resource=pruner.min_epochs,
        max_resource=max(epochs, pruner.min_epochs),
        reduction_factor=pruner.reduction_factor,
    )


def open_study(search: Search, storage: BaseStorage, made_for: dict[str, Any]) -> optuna.Study:
    """Create a study, or go on with the one of this name.

    Parameters
    ----------
    search : config section
    storage : BaseStorage
    made_for : dict
        What all its trials share: the dataset and the parameters that are not searched.

    Raises
    ------
    GaloptError
        There is a study of this name, made for something else.
    """
    study = optuna.create_study(
        study_name=search.study,
        storage=storage,
        sampler=SeededByTrial(search.sampler),
        pruner=make_pruner(search.pruner, search.epochs),
        directions=["minimize"] * len(search.objectives),
        load_if_exists=True,
    )
    made_for = json.loads(json.dumps(made_for | {"search.objectives": search.objectives}))
    before = study.user_attrs.get("made_for")
    if before is None:
        study.set_user_attr("made_for", made_for)
    elif before != made_for:
        keys = [key for key in {**before, **made_for} if before.get(key) != made_for.get(key)]
        raise GaloptError(
            f"study {search.study!r} was made for {keys[0]}={before.get(keys[0])!r}, not "
            f"{made_for.get(keys[0])!r}: give another study, -P study=NAME"
        )
    _check_space(study, search.space)
    study.set_user_attr("trials", search.trials)
    return study


def _check_space(study: optuna.Study, space: dict[str, Parameter]) -> None:
    """Refuse a space in which Optuna cannot place the study's trials; ranges may change."""
    for trial in study.get_trials(deepcopy=False):
        for key, drawn in trial.distributions.items():
            before, now = _drawn_as(drawn), _searched_as(space.get(key))
            if now is not None and before != now:
                raise GaloptError(
                    f"study {study.study_name!r} has drawn {key} as {before}, and search.space "
                    f"says {now}: give another study, -P study=NAME"
                )


def _drawn_as(drawn: BaseDistribution) -> str:
    if isinstance(drawn, CategoricalDistribution):
        return f"one of {list(drawn.choices)}"
    kind = "int" if isinstance(drawn, IntDistribution) else "float"
    return f"{kind}{' of logarithmic range' if getattr(drawn, 'log', False) else ''}"


def _searched_as(parameter: Parameter | None) -> str | None:
    if parameter is None:
        return None
    if parameter.kind == "categorical":
        return f"one of {parameter.choices}"
    return f"{parameter.kind}{' of logarithmic range' if parameter.log else ''}"


def load_study(search: Search, storage: BaseStorage) -> optuna.Study:
    """Open a study that exists.

    Raises
    ------
    GaloptError
        There is none of this name.
    """
    try:
        return optuna.load_study(study_name=search.study, storage=storage)
    except KeyError:
        names = ", ".join(optuna.get_all_study_names(storage)) or "none"
        raise GaloptError(
            f"no study {search.study!r} in {search.storage}; there is {names}"
        ) from None


def enqueue_first(study: optuna.Study, space: Space) -> None:
    """Put the paper's network, then the configuration as it stands, first in a new study."""
    if study.get_trials(deepcopy=False):
        return
    paper = build_config(space.config.model_dump(exclude={"search"}), flatten_preset(PAPER))
    for name, config in ((PAPER, paper), (str(PARAMS), space.config)):
        values = space.values(config)
        if values is None:
            logger.info(f"{name} lies outside search.space: it is not tried first")
        else:
            study.enqueue_trial(values, user_attrs={"origin": name}, skip_if_exists=True)


def retriable(trial: FrozenTrial) -> bool:
    """Return whether a failed trial has been tried fewer than three times."""
    return len(earlier_attempts(trial)) < RETRIES


def enqueue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a failed trial for another attempt."""
    again = deepcopy(trial)  # neither its run nor why it failed are those of the next attempt
    again.user_attrs = {key: trial.user_attrs[key] for key in {"origin"} & trial.user_attrs.keys()}
    RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)(study, again)


def settled(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that have ended and are not tried again."""
    retried = {number for t in trials for number in earlier_attempts(t)}
    return [t for t in trials if t.state.is_finished() and t.number not in retried]


def fail_running(study: optuna.Study, reason: str) -> list[FrozenTrial]:
    """Fail the trials that no driver runs any more, and return them."""
    left = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in left:
        set_attribute(study, trial, "reason", reason)
        study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    return left


def recover(study: optuna.Study) -> list[FrozenTrial]:
    """Enqueue again what a driver that is gone has left; return the trials it was running."""
    left = fail_running(study, "its driver ended")
    for trial in settled(study.get_trials(deepcopy=False)):
        if trial.state == TrialState.FAIL and retriable(trial):
            enqueue_again(study, trial)
    return left
