"""What the store says of runs, as tables: all of them, or some side by side."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pandas as pd

from galopt.errors import DataError, GaloptError
from galopt.evaluation.published import covered
from galopt.tracking.queries import TrackedRun, predictions

if TYPE_CHECKING:
    from galopt.evaluation.bootstrap import Difference

COLUMNS = {
    "test_rmse": "test_rmse",
    "val": "best_val_rmse",
    "floor": "test_rmse_floor",
    "constant": "test_rmse_constant",
}
SORTS = ("when", "name", "survey", *COLUMNS)
PARENT = "mlflow.parentRunId"


def overview(
    runs: Sequence[TrackedRun], sort: str = "when", everything: bool = False
) -> pd.DataFrame:
    """Return one row per run: ours, then the published ones, the first made first.

    Parameters
    ----------
    runs : sequence of TrackedRun
        The newest first. Those without a kind, such as those of `mlflow run . -e predict`, have
        nothing to show.
    sort : str
        One of `SORTS`: the newest first, or the lowest first.
    everything : bool
        With the trials of searches and the members of ensembles and ablations.

    Raises
    ------
    GaloptError
        `sort` is no column.
    """
    if sort not in SORTS:
        raise GaloptError(f"--sort {sort}: no such column; there are {', '.join(SORTS)}")
    published = [run for run in reversed(runs) if run.kind == "published"]
    ours = [run for run in runs if run.kind and run.kind != "published"]
    if not everything:
        ours = [run for run in ours if PARENT not in run.tags]
    tables = [_overview(ours, COLUMNS), _overview(published, {"test_rmse": "published_rmse"})]
    if sort != "when":
        tables[0] = tables[0].sort_values(sort, kind="stable")
    return pd.concat(tables, ignore_index=True)


def _overview(runs: Sequence[TrackedRun], metrics: Mapping[str, str]) -> pd.DataFrame:
    rows = [
        {
            "id": run.id[:8],
            "when": "" if run.kind == "published" else f"{run.started:%m-%d %H:%M}",
            "name": run.title + _unfinished(run),
            "kind": run.kind,
            "survey": run.survey,
        }
        | {name: run.metrics.get(metric) for name, metric in metrics.items()}
        | {"way": _way(run)}
        for run in runs
    ]
    table = pd.DataFrame(rows, columns=["id", "when", "name", "kind", "survey", *COLUMNS, "way"])
    return table.astype(dict.fromkeys(COLUMNS, float))


def _way(run: TrackedRun) -> str:
    """Return how far the test RMSE is on the way from the constant to the floor."""
    names = ("test_rmse", "test_rmse_constant", "test_rmse_floor")
    values = [run.metrics[name] for name in names if name in run.metrics]
    return f"{100 * covered(*values):.0f} %" if len(values) == len(names) else ""


def _unfinished(run: TrackedRun) -> str:
    return "" if run.status == "FINISHED" else f" ({run.status.lower()})"


def last(runs: Sequence[TrackedRun], count: int) -> list[TrackedRun]:
    """Return the newest runs that predicted test galaxies, the oldest of them first.

    Raises
    ------
    GaloptError
        There are fewer.
    """
    able = [run for run in runs if PARENT not in run.tags and run.kind in ("run", "ensemble")]
    done = [run for run in able if run.status == "FINISHED" and "test_rmse" in run.metrics]
    if len(done) < count:
        raise GaloptError(f"--last {count}: only {len(done)} finished runs to compare here")
    return done[:count][::-1]


def side_by_side(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return the parameters in which several runs differ, then their metrics.

    Returns
    -------
    DataFrame
        ``what`` and one text column per run, named by the start of its id.
    """
    facts = {
        "name": [run.title for run in runs],
        "survey": [run.survey for run in runs],
        "dataset": [run.tags.get("galopt.dataset", "") for run in runs],
    }
    params = dict.fromkeys(chain.from_iterable(sorted(run.params) for run in runs))
    for name in params:
        values = [run.params.get(name, "") for run in runs]
        if len({value for run, value in zip(runs, values, strict=True) if run.params}) > 1:
            facts[name] = values
    metrics = {*chain.from_iterable(run.metrics for run in runs)}
    for name in sorted(metrics, key=_rank):
        if not name.startswith("system/"):
            facts[name] = [_number(run.metrics.get(name)) for run in runs]
    columns = ["what", *(run.id[:8] for run in runs)]
    return pd.DataFrame([[what, *values] for what, values in facts.items()], columns=columns)


def _rank(metric: str) -> tuple[int, str]:
    """Sort metrics: the test galaxies, the validation galaxies, what it cost."""
    order = ("test_rmse", "test_", "best_", "val_", "train_", "")
    return next(n for n, start in enumerate(order) if metric.startswith(start)), metric


def differences(runs: Sequence[TrackedRun]) -> "list[Difference | str]":
    """Compare every run with the first, galaxy by galaxy.

    Returns
    -------
    list
        For each run but the first, the difference, or why there is none.
    """
    return [_difference(runs[0], run) for run in runs[1:]]


def sentence(first: TrackedRun, second: TrackedRun, difference: "Difference | str") -> str:
    """Say in words how two runs compare."""
    if isinstance(difference, str):
        return f"{second.label} and {first.label}: {difference}."
    return difference.sentence(first.label, second.label)


def class_sentences(
    first: TrackedRun, second: TrackedRun, difference: "Difference | str"
) -> list[str]:
    """Say how two comparable runs compare as classifiers; nothing of fractions of votes."""
    from galopt.evaluation.classes import compare_classes  # here, as above

    tables = [predictions(run) for run in (first, second)]
    if isinstance(difference, str) or tables[0] is None or tables[1] is None:
        return []
    found = compare_classes(tables[0], tables[1])
    return [measure.sentence(first.label, second.label) for measure in found]


def with_differences(
    table: pd.DataFrame, differences: "Sequence[Difference | str]"
) -> pd.DataFrame:
    """Add the differences of RMSE from the first run, and their intervals, as rows."""
    rows = {
        "test_rmse minus first": "value",
        "95 % interval, low": "low",
        "95 % interval, high": "high",
    }
    added = [
        [what, "", *("" if isinstance(d, str) else f"{getattr(d, name):+.5f}" for d in differences)]
        for what, name in rows.items()
    ]
    return pd.concat([table, pd.DataFrame(added, columns=table.columns)], ignore_index=True)


def check_runs(runs: Sequence[TrackedRun]) -> None:
    """Raise a GaloptError if the runs are fewer than two different ones."""
    if len({run.id for run in runs}) < max(2, len(runs)):
        raise GaloptError("compare takes two or more different runs")


def _difference(first: TrackedRun, second: TrackedRun) -> "Difference | str":
    if first.tags.get("galopt.dataset") != second.tags.get("galopt.dataset"):
        return "they were measured on different galaxies, so chance cannot be told from difference"
    from galopt.evaluation.bootstrap import compare_predictions  # here, to spare `runs` it

    tables = [predictions(run) for run in (first, second)]
    if tables[0] is None or tables[1] is None:
        return "no table of predictions was logged, so chance cannot be told from difference"
    try:
        return compare_predictions(tables[0], tables[1])
    except DataError as error:
        return str(error)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
