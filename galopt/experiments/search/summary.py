"""What a person wants to read when a search has ended: what it is worth, what to do next."""

import optuna

from galopt.config import Search
from galopt.data.dataset import Dataset
from galopt.evaluation.evaluate import constant_rmse
from galopt.experiments.run_summary import where_to_look
from galopt.experiments.search.results import complete, error_name, objectives, options, verdict
from galopt.tracking.registry import champion_rmse


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
    lines = [verdict(study), *known(study, dataset), *where_to_look(run_id)]
    if complete(study):
        words = options(search)
        lines += [
            f"Keep     uv run galopt search best --write{words}",
            f"Measure  uv run galopt search retrain{words}",
        ]
    return "\n".join(lines)


def known(study: optuna.Study, dataset: Dataset) -> list[str]:
    """Return what the validation RMSE of a study is to be read against."""
    if objectives(study)[0] != "val_rmse":
        return []
    error, found = error_name(study), complete(study)
    constant = constant_rmse(dataset, dataset.split("validation"))
    lines = [f"  {error} {constant:.4f}: always answering the mean"]
    champion = champion_rmse(dataset.info["hash"])
    if champion is not None:
        lines.append(f"  {error} {champion:.4f}: the champion of this dataset")
    if found and found[0].values[0] >= constant:
        lines.append("Not better than always answering the mean: more search.epochs, or galaxies.")
    return lines
