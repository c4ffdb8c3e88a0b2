"""What a person wants to read when a run has ended: numbers, a judgement, what to do next."""

import shlex

from galopt.config import Survey
from galopt.data.dataset import Dataset
from galopt.data.imaging.image_files import find_files
from galopt.data.survey.votes import papers_classes
from galopt.errors import DataError
from galopt.evaluation.bootstrap import bootstrap
from galopt.evaluation.classes import HEADLINE
from galopt.evaluation.diagnostics import collapsed
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation
from galopt.evaluation.published import MODEL, PAPER, judgement
from galopt.metrics import CROSSVALIDATE, ENOUGH, rmse_per_galaxy
from galopt.paths import PREDICTIONS
from galopt.prediction.output import rejected_path
from galopt.report.html import HOW_TO_OPEN
from galopt.tracking.queries import all_runs, artifact_path, measured

PLACEHOLDER = "my_galaxies/"


def verdict(evaluation: Evaluation, dataset: Dataset, run_id: str, survey: Survey) -> str:
    """Return the end of a run in words.

    Parameters
    ----------
    evaluation : Evaluation
    dataset : Dataset
        The published results are named where it has the classes of the paper.
    run_id : str
    survey : config section
        Where the galaxies came from.
    """
    metrics = evaluation.metrics
    if dataset.one_class:
        lines = [*_accuracies(evaluation, dataset), *_few(evaluation)]
        return "\n".join([*lines, *_next(run_id, dataset, survey)])
    lines = [
        f"RMSE on {len(evaluation.split)} test galaxies of {dataset.info['name']}, "
        f"{dataset.info['fractions']} fractions",
        f"  this run            {metrics['test_rmse']:.4f} {_interval(evaluation)}",
        f"  constant predictor  {metrics['test_rmse_constant']:.4f}",
    ]
    if EXPECTED_RMSE in metrics:
        lines.insert(2, f"  from expected votes {metrics[EXPECTED_RMSE]:.4f}")
    if "test_rmse_floor" in metrics:
        lines.append(f"  vote-noise floor    {metrics['test_rmse_floor']:.4f}")
    if papers_classes(dataset.targets):
        lines += [f"  {r.name}, on CANDELS: {r.rmse:.2f}" for r in (PAPER, MODEL)]
    same = collapsed(evaluation.split.fractions, evaluation.predicted)
    lines += [judgement(metrics, same), *_few(evaluation)]
    return "\n".join([*lines, *_next(run_id, dataset, survey)])


def _interval(evaluation: Evaluation) -> str:
    squared = rmse_per_galaxy(evaluation.split.fractions, evaluation.predicted) ** 2
    (found,) = bootstrap(squared[:, None])
    return f"(95 %: {found.low:.4f} to {found.high:.4f})"


def _few(evaluation: Evaluation) -> list[str]:
    """Say that the test galaxies are too few to compare networks, where they are."""
    if len(evaluation.split) >= ENOUGH:
        return []
    return [f"{len(evaluation.split)} test galaxies tell little; on every galaxy: {CROSSVALIDATE}"]


def _accuracies(evaluation: Evaluation, dataset: Dataset) -> list[str]:
    lines = [f"{len(evaluation.split)} test galaxies of {dataset.info['name']}, one class each"]
    for name, words in HEADLINE.items():
        value, low, high = (
            evaluation.metrics[f"test_{name}{end}"] for end in ("", "_low", "_high")
        )
        lines.append(f"  {words:<18}  {value:.4f} (95 %: {low:.4f} to {high:.4f})")
    return lines


def where_to_look(run_id: str) -> list[str]:
    """Return the lines that say where the report of a run lies and how its page is opened."""
    run = run_id[:8]
    report = artifact_path(run_id, "report.html")
    return [
        f"Report   {report} ({HOW_TO_OPEN})" if report else f"Report   uv run galopt report {run}",
        f"Look     uv run galopt ui {run}",
    ]


def _next(run_id: str, dataset: Dataset, survey: Survey) -> list[str]:
    lines = where_to_look(run_id)
    newest = measured(all_runs())[:2]
    if [run.tags.get("galopt.dataset") for run in newest] == [dataset.info["hash"]] * 2:
        lines.append("Compare  uv run galopt compare --last 2")
    images = images_of(survey, dataset)
    words = f"Predict  uv run galopt predict {images} --model {run_id[:8]}"
    if PREDICTIONS.exists() or rejected_path(PREDICTIONS).exists():  # another model's
        words += f" --out {PREDICTIONS.stem}-{run_id[:8]}{PREDICTIONS.suffix}"
    return [*lines, words if images != PLACEHOLDER else f"{words}  ({images}: a folder of images)"]


def images_of(survey: Survey, dataset: Dataset) -> str:
    """Return what `galopt predict` takes: the survey's own images if it can, else a placeholder."""
    path = survey.folder.path
    if dataset.info["source"] != "folder" or not path or survey.bands:
        return PLACEHOLDER
    try:
        find_files([str(path)])
    except DataError:
        return PLACEHOLDER
    return shlex.quote(str(path))
