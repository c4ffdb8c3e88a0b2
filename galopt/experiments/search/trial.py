"""One trial on a worker: the objective called, its outcome brought back, never an exception."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import optuna
from optuna.exceptions import TrialPruned, UpdateFinishedTrialError
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from galopt.config import Pruner, Search
from galopt.errors import ConfigError, DivergedError, user_error
from galopt.experiments.search.optuna_internals import attach
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import make_pruner

Objective = Callable[["TrialHandle", dict[str, Any]], Sequence[float]]
"""Takes a trial's report and values, returns the objectives' values."""


@dataclass(frozen=True)
class Task:
    """What a worker needs to run a trial; it travels as plain data.

    Attributes
    ----------
    search : config section
        The search that it belongs to.
    trial_id, number : int
        Which it is, to the storage and to people.
    first : int
        Number of the trial that it tries again; its own if it is the first.
    values : dict
        The trial's values by dotted key.
    attributes : dict
        The trial's user attributes.
    """

    search: Search
    trial_id: int
    number: int
    first: int
    values: dict[str, Any]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes
    ----------
    state : TrialState
    values : list of float or None
        The objectives', if it is complete.
    reason : str or None
        Why it was pruned or failed.
    fatal : bool
        Whether the next trials would fail for the same reason, which a person has to fix.
    """

    state: TrialState
    values: list[float] | None = None
    reason: str | None = None
    fatal: bool = False


class TrialHandle:
    """The trial as its objective sees it.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        search = task.search
        study = _study(search.storage, search.study, search.pruner, search.epochs)
        self._trial = attach(study, task.trial_id)
        self._prunable = len(study.directions) == 1

    def epoch(self, epoch: int, value: float) -> None:
        """Report the value after an epoch.

        Raises
        ------
        optuna.TrialPruned
            The trial is not worth going on with.
        """
        if self._prunable:
            self._trial.report(value, epoch)
            if self._trial.should_prune():
                raise TrialPruned(f"{value:.4f} after epoch {epoch + 1} is not worth going on with")


def run_trial(task: Task, objective: Objective) -> Outcome:
    """Run a trial.

    Parameters
    ----------
    task : Task
    objective : callable

    Returns
    -------
    Outcome
        Pruned if the pruner says so, the values make no network or its loss is not a number;
        failed if the objective raises anything else, fatally if a person has to fix it.
    """
    try:
        return Outcome(TrialState.COMPLETE, list(objective(TrialHandle(task), task.values)))
    except (TrialPruned, ConfigError, DivergedError) as error:
        return Outcome(TrialState.PRUNED, reason=str(error))
    except UpdateFinishedTrialError:
        return Outcome(TrialState.FAIL, reason="it was ended by its driver")
    except Exception as error:
        if message := user_error(error):
            return Outcome(TrialState.FAIL, reason=str(message), fatal=True)
        return Outcome(TrialState.FAIL, reason=f"{type(error).__name__}: {error}")


@cache
def _study(storage: str, name: str, pruner: Pruner, epochs: int) -> optuna.Study:
    return optuna.load_study(
        study_name=name,
        storage=open_storage(storage, wait=True),
        sampler=RandomSampler(),
        pruner=make_pruner(pruner, epochs),
    )
