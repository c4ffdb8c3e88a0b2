"""What the store says of runs, as tables: all of them, or some side by side."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pandas as pd

from galopt.compute.process_name import is_gone
from galopt.errors import ConfigError, DataError, GaloptError
from galopt.evaluation.published import covered
from galopt.tracking.queries import TrackedRun, measured, predictions
from galopt.tracking.tracked_run import PARENT

if TYPE_CHECKING:
    from galopt.evaluation.bootstrap import Difference

COLUMNS = {
    "test_rmse": "test_rmse",
    "val": "best_val_rmse",
    "floor": "test_rmse_floor",
    "constant": "test_rmse_constant",
}
SORTS = ("when", "name", "survey", *COLUMNS)
PRESET = "network.preset"
WEIGHTS = "network/weights"


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
    if run.status == "RUNNING" and is_gone(run.tags.get("galopt.process", "")):
        return " (gone)"
    return "" if run.status == "FINISHED" else f" ({run.status.lower()})"


def last(runs: Sequence[TrackedRun], count: int) -> list[TrackedRun]:
    """Return the newest runs that predicted test galaxies, the oldest of them first.

    Raises
    ------
    GaloptError
        There are fewer.
    """
    done = measured(runs)
    if len(done) < count:
        found = "1 finished run" if len(done) == 1 else f"{len(done)} finished runs"
        raise GaloptError(f"--last {count}: only {found} to compare here")
    return done[:count][::-1]


def side_by_side(runs: Sequence[TrackedRun], everything: bool = True) -> pd.DataFrame:
    """Return the metrics of several runs, then the parameters in which they differ.

    Parameters
    ----------
    runs : sequence of TrackedRun
    everything : bool
        Also the parameters that differ only because the presets do, which else are counted; and
        metrics that say nothing beside one another: `_idle`.

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
    metrics = {*chain.from_iterable(run.metrics for run in runs)}
    idle = () if everything else _idle(runs, metrics)
    for name in sorted(metrics, key=_rank):
        if not name.startswith("system/") and name not in idle:
            facts[name] = [_number(name, run.metrics.get(name)) for run in runs]
    params = _differing(runs)
    explained = set() if everything else _explained(runs, params)
    for name, values in params.items():
        if name == PRESET and explained:
            facts[f"{PRESET} ({len(explained)} parameters)"] = values
        elif name not in explained and (everything or name != "preset"):  # it is the first row
            facts[name] = values
    columns = ["what", *(run.id[:8] for run in runs)]
    return pd.DataFrame([[what, *values] for what, values in facts.items()], columns=columns)


def _differing(runs: Sequence[TrackedRun]) -> dict[str, list[str]]:
    """Return the parameters in which the runs that have any differ; the preset first."""
    names = dict.fromkeys([PRESET, *chain.from_iterable(sorted(run.params) for run in runs)])
    given = {name: [run.params.get(name, "") for run in runs] for name in names}
    return {
        name: values
        for name, values in given.items()
        if len({value for run, value in zip(runs, values, strict=True) if run.params}) > 1
    }


def _explained(runs: Sequence[TrackedRun], params: Mapping[str, object]) -> set[str]:
    """Return the parameters, of some, that have in every run the value that its preset gives."""
    if PRESET not in params:
        return set()
    from galopt.config.load import RUN_SECTIONS, unflatten  # here, to spare `runs` it
    from galopt.config.rerun_command import differences as beside_preset

    found = {name for name in params if name.split(".")[0] in RUN_SECTIONS} - {PRESET}
    for run in runs:
        if not run.params:
            continue
        try:
            stated = beside_preset(unflatten(run.params))
        except ConfigError:  # of another version, or its preset is no longer here
            return set()
        found -= {n for n in found if any(_within(n, s) or _within(s, n) for s in stated)}
    return found


def _within(key: str, section: str) -> bool:
    return key == section or key.startswith(f"{section}.")


def _idle(runs: Sequence[TrackedRun], metrics: Iterable[str]) -> set[str]:
    """Return the metrics that say nothing here: losses of different kinds, counts of a network."""
    losses = len({run.params.get("train.loss") for run in runs if run.params}) > 1
    counts = {name for name in metrics if name.startswith("network/")} - {WEIGHTS}
    return counts | {name for name in metrics if losses and name.endswith("_loss")}


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
    words = difference.sentence(first.label, second.label)
    single = first.kind == second.kind == "run" and not difference.too_few
    return f"{words} One training each: another seed gives another network." if single else words


def class_sentences(
    first: TrackedRun, second: TrackedRun, difference: "Difference | str"
) -> list[str]:
    """Say how two comparable runs compare as classifiers; nothing of fractions of votes."""
    from galopt.evaluation.classes import compare_classes  # here, as above

    tables = [predictions(run) for run in (first, second)]
    if isinstance(difference, str) or difference.too_few:
        return []
    if tables[0] is None or tables[1] is None:
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
    """Raise a GaloptError if the runs are fewer than two different ones, or a search."""
    for run in runs:
        if run.kind == "search":
            study = run.tags.get("search.study")
            raise GaloptError(
                f"{run.label} is a search and no network; its best, measured on the test galaxies: "
                f"uv run galopt search retrain{f' --study {study}' if study else ''}"
            )
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


def _number(name: str, value: float | None) -> str:
    if value is not None and name == "best_epoch":
        value += 1  # MLflow's steps begin at zero, people's epochs at one
    return "" if value is None else f"{value:.0f}" if value.is_integer() else f"{value:.6g}"
