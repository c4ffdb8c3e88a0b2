"""Epochs that pruning saves, and what it costs: the curves of an unpruned study, pruned.

A study without pruning has trained every trial to its end. Its trials are told again, in
order and epoch by epoch, to the pruners that `search.pruner` offers: the same trials, hence the
same curves, because a training run depends on its seed alone.

    uv run mlflow run . -e search --env-manager local -P study=unpruned -P trials=20 \
        -P overrides="search.pruner.kind=none"
    uv run python -m benchmarks.search_pruning unpruned [STORAGE]
"""

import sys

import optuna
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from galopt.config import Pruner
from galopt.config.load import load_config
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import load_study, make_pruner

KINDS = ("none", "median", "hyperband")


def main() -> None:
    """Replay the study that the command line names."""
    stated = dict(zip(("search.study", "search.storage"), sys.argv[1:], strict=False))
    search = load_config("params.yaml", stated).search
    study = load_study(search, open_storage(search.storage, make=False))
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    longest = max(len(trial.intermediate_values) for trial in trials)
    print(f"{len(trials)} trials of study {study.study_name}, at most {longest} epochs")
    print(f"{'pruner':<12}{'epochs':>8}{'saved':>8}{'best RMSE':>12}{'of trial':>10}")
    everything = sum(len(trial.intermediate_values) for trial in trials)
    for kind in KINDS:
        pruner = Pruner(**search.pruner.model_dump() | {"kind": kind})
        epochs, best = replay(trials, pruner, longest)
        print(
            f"{kind:<12}{epochs:8}{1 - epochs / everything:8.0%}"
            f"{trials[best].values[0]:12.4f}{trials[best].number:10}"
        )


def replay(trials: list[FrozenTrial], pruner: Pruner, longest: int) -> tuple[int, int]:
    """Return the epochs that a pruner lets through, and which of the trials it finds best."""
    study = optuna.create_study(sampler=RandomSampler(), pruner=make_pruner(pruner, longest))
    epochs = 0
    for told in trials:
        trial, pruned = study.ask(), False
        for epoch, value in sorted(told.intermediate_values.items()):
            epochs += 1
            trial.report(value, epoch)
            if pruned := trial.should_prune():
                break
        if pruned:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, told.values[0])
    return epochs, study.best_trial.number


if __name__ == "__main__":
    main()
