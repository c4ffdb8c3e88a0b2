"""What the store says of runs, as tables: all of them, or some side by side."""

from collections.abc import Sequence
from itertools import chain

import pandas as pd

from galopt.errors import DataError, GaloptError
from galopt.evaluation.bootstrap import Difference, compare_predictions
from galopt.evaluation.classes import compare_classes
from galopt.tracking.queries import TrackedRun, predictions

COLUMNS = {
    "test_rmse": "test_rmse",
    "val": "best_val_rmse",
    "floor": "test_rmse_floor",
    "constant": "test_rmse_constant",
}


def overview(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return one row a run: ours in the given order, then the published ones.

    Runs without a kind, such as those of `mlflow run . -e predict`, have nothing to show.
    """
    published = [run for run in reversed(runs) if run.kind == "published"]
    ours = [run for run in runs if run.kind not in ("published", "")]
    rows = [
        {"id": run.id[:8], "name": run.title}
        | {"kind": run.kind, "survey": run.survey}
        | {name: run.metrics.get(metric) for name, metric in COLUMNS.items()}
        | {"when": f"{run.started:%Y-%m-%d %H:%M}"}
        for run in [*ours, *published]
    ]
    table = pd.DataFrame(rows, columns=["id", "name", "kind", "survey", *COLUMNS, "when"])
    return table.astype(dict.fromkeys(COLUMNS, float))


def side_by_side(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return the metrics of several runs, then the parameters in which they differ.

    Returns
    -------
    DataFrame
        ``what`` and one text column a run, named by the start of its id.
    """
    facts = {
        "name": [run.title for run in runs],
        "kind": [run.kind for run in runs],
        "survey": [run.survey for run in runs],
        "dataset": [run.tags.get("galopt.dataset", "") for run in runs],
    }
    metrics = dict.fromkeys(chain.from_iterable(sorted(run.metrics) for run in runs))
    for name in (name for name in metrics if not name.startswith("system/")):
        facts[name] = [_number(run.metrics.get(name)) for run in runs]
    params = dict.fromkeys(chain.from_iterable(sorted(run.params) for run in runs))
    for name in params:
        values = [run.params.get(name, "") for run in runs]
        if len({value for run, value in zip(runs, values, strict=True) if run.params}) > 1:
            facts[name] = values
    columns = ["what", *(run.id[:8] for run in runs)]
    return pd.DataFrame([[what, *values] for what, values in facts.items()], columns=columns)


def differences(runs: Sequence[TrackedRun]) -> list[Difference | str]:
    """Compare every run with the first, galaxy by galaxy.

    Returns
    -------
    list
        For each run but the first, the difference, or why there is none.
    """
    return [_difference(runs[0], run) for run in runs[1:]]


def sentence(first: TrackedRun, second: TrackedRun, difference: Difference | str) -> str:
    """Say in words how two runs compare."""
    if isinstance(difference, str):
        return f"{second.label} and {first.label}: {difference}."
    return difference.sentence(first.label, second.label)


def class_sentences(
    first: TrackedRun, second: TrackedRun, difference: Difference | str
) -> list[str]:
    """Say how two comparable runs compare as classifiers; nothing of fractions of votes."""
    tables = [predictions(run) for run in (first, second)]
    if isinstance(difference, str) or tables[0] is None or tables[1] is None:
        return []
    found = compare_classes(tables[0], tables[1])
    return [measure.sentence(first.label, second.label) for measure in found]


def with_differences(table: pd.DataFrame, differences: Sequence[Difference | str]) -> pd.DataFrame:
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


def _difference(first: TrackedRun, second: TrackedRun) -> Difference | str:
    if first.tags.get("galopt.dataset") != second.tags.get("galopt.dataset"):
        return "they were measured on different galaxies, so chance cannot be told from difference"
    tables = [predictions(run) for run in (first, second)]
    if tables[0] is None or tables[1] is None:
        return "no table of predictions was logged, so chance cannot be told from difference"
    try:
        return compare_predictions(tables[0], tables[1])
    except DataError as error:
        return str(error)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
