"""What ablation, search and ensemble found on a dataset, read from the store."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from galopt.config import Config
from galopt.config.load import RUN_SECTIONS, unflatten
from galopt.errors import ConfigError
from galopt.tracking.queries import TrackedRun, children, newest, run_of, text, values


@dataclass(frozen=True)
class AblationResult:
    """What each difference is worth: `galopt.experiments.ablation.table`."""

    run: TrackedRun
    table: pd.DataFrame


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes
    ----------
    run : TrackedRun
    states : dict
        Number of trials that are ``complete``, ``pruned`` and ``fail``.
    objective : str
        What was minimised: ``val_rmse`` or ``val_error_rate``.
    best, first : float or None
        Its lowest value, and that of the first trial, which is the paper's network.
    trial : int
        Number of the best trial.
    changes : DataFrame
        ``parameter``, ``first`` and ``best``: what the best trial has different.
    importances : DataFrame or None
        ``parameter`` and ``importance``.
    winner : Config or None
        The best trial's configuration; None if another version's trial cannot be read.
    trials : list of Trial
        The complete ones first, the lowest value before the others; then in order.
    """

    run: TrackedRun
    states: dict[str, int]
    objective: str
    best: float
    first: float | None
    trial: int
    changes: pd.DataFrame
    importances: pd.DataFrame | None
    winner: Config | None = None
    trials: list["Trial"] = field(default_factory=list)


@dataclass(frozen=True)
class Trial:
    """A trial of a search: its number, how it ended, the value of a complete one, or why not."""

    number: int
    state: str
    value: float | None
    reason: str


@dataclass(frozen=True)
class EnsembleResult:
    """An ensemble and its members: name, val_rmse, test_rmse, weight."""

    run: TrackedRun
    members: pd.DataFrame


@dataclass(frozen=True)
class RelatedRuns:
    """The newest of each kind; None where there is none."""

    ablation: AblationResult | None = None
    search: SearchResult | None = None
    ensemble: EnsembleResult | None = None


def collect(dataset_hash: str, kind: str = "run", run_id: str = "") -> RelatedRuns:
    """Read the newest finished ablation, search and ensemble on a dataset.

    Parameters
    ----------
    dataset_hash : str
    kind, run_id : str, optional
        Of an open run that stands for its kind instead.
    """
    found = {
        name: run_of(run_id) if name == kind else newest(name, dataset_hash)
        for name in ("ablation", "search", "ensemble")
    }
    ablation, search, ensemble = found.values()
    return RelatedRuns(
        _ablation(ablation) if ablation else None,
        _study(search) if search else None,
        _average(ensemble) if ensemble else None,
    )


def _ablation(run: TrackedRun) -> AblationResult | None:
    table = _table(run, "ablation.csv")
    return None if table is None else AblationResult(run, table)


def _average(run: TrackedRun) -> EnsembleResult | None:
    members = _table(run, "members.csv")
    return None if members is None else EnsembleResult(run, members)


def _study(run: TrackedRun) -> SearchResult | None:
    best = _table(run, "best.csv")
    if best is None or best.empty:
        return None
    trials = children(run)
    told = [trial.tags.get("galopt.state") for trial in trials]
    number, objective = int(best["trial"].iloc[0]), best.columns[1]
    named = {trial.tags.get("galopt.trial"): trial for trial in trials}
    first, winner = named.get("0"), named.get(str(number))
    return SearchResult(
        run,
        {state: told.count(state) for state in ("complete", "pruned", "fail")},
        objective,
        float(best[objective].iloc[0]),
        min(values(first, objective), default=None) if first and _complete(first) else None,
        number,
        _changes(first, winner),
        _table(run, "importances.csv"),
        _config(winner),
        _trials(trials, objective),
    )


def _config(trial: TrackedRun | None) -> Config | None:
    try:
        return unflatten(trial.params) if trial and trial.params else None
    except ConfigError:
        return None


def _trials(runs: Sequence[TrackedRun], objective: str) -> list[Trial]:
    found = [
        Trial(
            int(run.tags.get("galopt.trial", -1)),
            run.tags.get("galopt.state", run.status.lower()),
            run.metrics.get(f"best_{objective}") if _complete(run) else None,
            run.tags.get("galopt.reason", ""),
        )
        for run in runs
    ]
    return sorted(found, key=lambda trial: (trial.value is None, trial.value or 0, trial.number))


def _complete(trial: TrackedRun) -> bool:
    return trial.tags.get("galopt.state") == "complete"


def _changes(first: TrackedRun | None, best: TrackedRun | None) -> pd.DataFrame:
    """Return the parameters of a run in which two trials differ."""
    before, after = (trial.params if trial else {} for trial in (first, best))
    keys = [key for key in {**before, **after} if key.split(".")[0] in RUN_SECTIONS]
    rows = [
        (key, before.get(key, "none"), after.get(key, "none"))
        for key in sorted(keys)
        if before.get(key) != after.get(key)
    ]
    return pd.DataFrame(rows, columns=["parameter", "first", "best"])


def _table(run: TrackedRun, path: str) -> pd.DataFrame | None:
    logged = text(run, path)
    return None if logged is None else pd.read_csv(io.StringIO(logged))
