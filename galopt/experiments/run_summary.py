"""What a person wants to read when a run has ended: numbers, a judgement, what to do next."""

from galopt.data.dataset import Dataset
from galopt.data.survey.votes import papers_classes
from galopt.evaluation.classes import HEADLINE
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation
from galopt.evaluation.published import MODEL, PAPER, judgement
from galopt.tracking.queries import artifact_path


def verdict(evaluation: Evaluation, dataset: Dataset, run_id: str) -> str:
    """Return the end of a run in words.

    Parameters
    ----------
    evaluation : Evaluation
    dataset : Dataset
        The published results are named where it has the classes of the paper.
    run_id : str
    """
    metrics = evaluation.metrics
    if dataset.one_class:
        return "\n".join([*_accuracies(evaluation, dataset), *_next(run_id)])
    lines = [
        f"RMSE on {len(evaluation.split)} test galaxies of {dataset.info['name']}, "
        f"{dataset.info['fractions']} fractions",
        f"  this run            {metrics['test_rmse']:.4f}",
        f"  constant predictor  {metrics['test_rmse_constant']:.4f}",
    ]
    if EXPECTED_RMSE in metrics:
        lines.insert(2, f"  from expected votes {metrics[EXPECTED_RMSE]:.4f}")
    if "test_rmse_floor" in metrics:
        lines.append(f"  vote-noise floor    {metrics['test_rmse_floor']:.4f}")
    if papers_classes(dataset.targets):
        lines += [f"  {r.name}, on CANDELS: {r.rmse:.2f}" for r in (PAPER, MODEL)]
    return "\n".join([*lines, judgement(metrics), *_next(run_id)])


def _accuracies(evaluation: Evaluation, dataset: Dataset) -> list[str]:
    lines = [f"{len(evaluation.split)} test galaxies of {dataset.info['name']}, one class each"]
    for name, words in HEADLINE.items():
        value, low, high = (
            evaluation.metrics[f"test_{name}{end}"] for end in ("", "_low", "_high")
        )
        lines.append(f"  {words:<18}  {value:.4f} (95 %: {low:.4f} to {high:.4f})")
    return lines


def _next(run_id: str) -> list[str]:
    run = run_id[:8]
    report = artifact_path(run_id, "report.html")
    return [
        f"Report   {report} (open it in a browser)"
        if report
        else f"Report   uv run galopt report {run}",
        f"Look     uv run galopt ui {run}",
        "Compare  uv run galopt compare --last 2",
        f"Predict  uv run galopt predict my_galaxies/ --model {run}",
    ]
