"""What a person must know of a model before using it: its card, in Markdown."""

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from galopt.compute.versions import VERSION, commit
from galopt.data.dataset import Dataset
from galopt.evaluation.bootstrap import Interval, bootstrap
from galopt.evaluation.classes import HEADLINE, class_scores
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation

_TEMPLATES = Environment(loader=PackageLoader("galopt.report"), undefined=StrictUndefined)

MOST = 5000
"""Characters of a description that MLflow's registry holds."""


def card(title: str, dataset: Dataset, evaluation: Evaluation, networks: int = 1) -> str:
    """Return the card of a model (Mitchell et al. 2019, "Model cards for model reporting").

    Parameters
    ----------
    title : str
        What it is called.
    dataset : Dataset
        What it was trained on.
    evaluation : Evaluation
        Of the test galaxies.
    networks : int
        How many are averaged.

    Returns
    -------
    str
        Markdown: data, metrics with intervals, intended use, limits, licence, citation.
    """
    text = _TEMPLATES.get_template("model_card.md.j2").render(
        title=title,
        dataset=dataset,
        info=dataset.info,
        metrics=evaluation.metrics,
        rows=intervals(evaluation).items(),
        scores=_class_scores(evaluation) if "test_accuracy" in evaluation.metrics else None,
        galaxies=len(evaluation.split),
        networks=networks,
        version=VERSION,
        commit=commit() or "unknown",
    )
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def note(dataset: Dataset, evaluation: Evaluation) -> str:
    """Return the headline numbers of a run, in Markdown."""
    if "test_accuracy" in evaluation.metrics:
        scores = _class_scores(evaluation)
        return "\n\n".join(
            f"{words.capitalize()} **{scores[name].value:.4f}** (95 % interval "
            f"{scores[name].low:.4f} to {scores[name].high:.4f})"
            for name, words in HEADLINE.items()
        )
    found, metrics = intervals(evaluation)["all targets"], evaluation.metrics
    lines = [
        f"**RMSE {found.value:.4f}** (95 % interval {found.low:.4f} to {found.high:.4f}) on "
        f"{len(evaluation.split)} test galaxies of {dataset.info['name']}, "
        f"{dataset.info['fractions']} fractions.",
        f"Always the mean: {metrics['test_rmse_constant']:.4f}.",
    ]
    if "test_rmse_floor" in metrics:
        lines.append(f"Vote-noise floor: {metrics['test_rmse_floor']:.4f}.")
    if EXPECTED_RMSE in metrics:
        lines.append(f"From the expected votes: {metrics[EXPECTED_RMSE]:.4f}.")
    return "\n\n".join(lines)


def _class_scores(evaluation: Evaluation) -> dict[str, Interval]:
    voted, predicted = evaluation.split.fractions, evaluation.predicted
    return class_scores(voted.argmax(axis=1), predicted.argmax(axis=1), evaluation.targets)


def intervals(evaluation: Evaluation) -> dict[str, Interval]:
    """Return the RMSE over all targets and of each, with their 95 % intervals."""
    squared = (evaluation.split.fractions - evaluation.predicted).astype(float) ** 2
    columns = np.column_stack([squared.mean(axis=1), squared])
    return dict(zip(["all targets", *evaluation.targets], bootstrap(columns), strict=True))
