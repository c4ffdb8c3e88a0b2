"""What a study has found: its best trials, as a table and in words."""

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from galopt.errors import GaloptError


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials, the lowest validation RMSE first."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: trial.values[0])


def best_trial(study: optuna.Study) -> FrozenTrial:
    """Return the trial with the lowest validation RMSE.

    Raises
    ------
    GaloptError
        No trial is complete.
    """
    best = complete(study)
    if not best:
        raise GaloptError(f"study {study.study_name!r} has no complete trial yet")
    return best[0]


def best_table(study: optuna.Study, rows: int = 10) -> pd.DataFrame:
    """Return the best trials, one a row: number, objectives, epochs, parameters."""
    names = study.user_attrs["made_for"]["search.objectives"]
    return pd.DataFrame(
        {"trial": trial.number}
        | dict(zip(names, trial.values, strict=True))
        | {"epochs": len(trial.intermediate_values) or None, **trial.params}
        for trial in complete(study)[:rows]
    )


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
    found = complete(study)
    named = [(trial, trial.user_attrs["origin"]) for trial in found if "origin" in trial.user_attrs]
    for trial, name in [(trial, "the best") for trial in found[:1]] + named:
        lines.append(f"  validation RMSE {trial.values[0]:.4f}: {name}, trial {trial.number}")
    return "\n".join([*lines, "The best in full: uv run galopt search best"])
