"""What a person wants to read when a search has ended: what it is worth, what to do next."""

import optuna

from galopt.config import Search
from galopt.data.dataset import Dataset
from galopt.evaluation.evaluate import constant_rmse
from galopt.experiments.run_summary import where_to_look
from galopt.experiments.search.results import complete, error_name, objectives, options, verdict
from galopt.tracking.registry import champion_rmse

CONSTANT, CHAMPION = "always answering the mean", "the champion of this dataset"
AHEAD = {
    CONSTANT: "Not better than always answering the mean: more search.epochs, or galaxies.",
    CHAMPION: "The champion is better, so keep that; trained in full the best trial may pass it.",
}
"""What to do where something known is no worse than the best trial."""


def summary(study: optuna.Study, search: Search, dataset: Dataset, run_id: str) -> str:
    """Return the end of a search in words.

    Parameters
    ----------
    study : optuna.Study
    search : config section
        It says how commands find the study again.
    dataset : Dataset
        What is known of it stands beside what was found: its constant, its champion.
    run_id : str
        The study's run.
    """
    error, found, known = error_name(study), complete(study), known_errors(study, dataset)
    lines = [verdict(study), *(f"  {error} {value:.4f}: {name}" for name, value in known.items())]
    ahead = [name for name, value in known.items() if found and found[0].values[0] >= value]
    if ahead:
        lines.append(AHEAD[ahead[0]])
    lines += where_to_look(run_id)
    if found:
        words = options(search)
        lines += [] if ahead else [f"Keep     uv run galopt search best --write{words}"]
        lines.append(f"Measure  uv run galopt search retrain{words}")
    return "\n".join(lines)


def known_errors(study: optuna.Study, dataset: Dataset) -> dict[str, float]:
    """Return what the validation RMSE of a study is to be read against, by what reaches it."""
    if objectives(study)[0] != "val_rmse":
        return {}
    known = {CONSTANT: constant_rmse(dataset, dataset.split("validation"))}
    champion = champion_rmse(dataset.info["hash"])
    return known if champion is None else known | {CHAMPION: champion}
