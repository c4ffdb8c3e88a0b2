"""Every access to Optuna's private names: what an update of Optuna may break is here."""

from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial

RETRIED = "retry_history"


def trial_id(trial: Trial | FrozenTrial) -> int:
    """Return what the storage calls a trial; its number is what people call it."""
    return trial._trial_id


def attach(study: optuna.Study, identifier: int) -> Trial:
    """Return the running trial of an id, in another process than the one that asked for it."""
    return Trial(study, identifier)


def earlier_attempts(trial: FrozenTrial) -> list[int]:
    """Return the numbers of the failed trials that this one tries again, the first first."""
    return trial.system_attrs.get(RETRIED, [])


def set_attribute(study: optuna.Study, trial: FrozenTrial, name: str, value: Any) -> None:
    """Set a user attribute of a trial that another process has asked for."""
    study._storage.set_trial_user_attr(trial._trial_id, name, value)
