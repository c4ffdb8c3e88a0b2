"""How good a finished model is on a dataset, and whether it is better than another."""

import pandas as pd

from galopt.data.dataset import Dataset
from galopt.errors import GaloptError
from galopt.evaluation.bootstrap import Difference, compare_predictions
from galopt.evaluation.evaluate import Evaluation, score
from galopt.prediction.model import MorphologyModel
from galopt.tracking.queries import all_runs, find_run, predictions


def evaluate(model: MorphologyModel, dataset: Dataset) -> Evaluation:
    """Predict the test galaxies of a dataset and measure the error.

    Parameters
    ----------
    model : MorphologyModel
        From `galopt.open_model`, or the `model` of a run.
    dataset : Dataset
        With the model's targets.

    Returns
    -------
    Evaluation
        Its `metrics` hold ``test_rmse`` beside the constant predictor's and the vote-noise
        floor; its `table` has one row per galaxy.

    Raises
    ------
    GaloptError
        The dataset has other targets, or stamps of another size.

    Examples
    --------
    >>> import galopt
    >>> dataset = galopt.load_dataset("data/dataset")
    >>> evaluation = galopt.evaluate(galopt.open_model(trained.id), dataset)
    >>> bool(evaluation.metrics["test_rmse"] == trained.evaluation.metrics["test_rmse"])
    True
    """
    ours, theirs = (len(what.bands) for what in (model, dataset))
    if model.targets != dataset.targets or model.side != dataset.side or ours != theirs:
        raise GaloptError(
            f"the model predicts {', '.join(model.targets)} of stamps of {model.side} px and "
            f"{', '.join(model.bands)}; {dataset.folder} has {', '.join(dataset.targets)}, "
            f"{dataset.side} px and {', '.join(dataset.bands)}"
        )
    test = dataset.split("test")
    return score(dataset, test, model.fractions(test.images))


def compare(
    first: Evaluation | pd.DataFrame | str, second: Evaluation | pd.DataFrame | str
) -> Difference:
    """Tell by how much the second RMSE differs from the first, and whether that is chance.

    Parameters
    ----------
    first, second : Evaluation, DataFrame or str
        An evaluation, its table, or a tracked run: its id, the unique start of one, its name.

    Returns
    -------
    Difference
        `value`, and the 95 % interval `low` to `high`, from a bootstrap paired by galaxy.

    Raises
    ------
    GaloptError
        They are not of the same galaxies, votes and targets, or there is no such run.

    Examples
    --------
    >>> import galopt
    >>> abs(galopt.compare(trained.evaluation, trained.id).value) < 1e-6
    True
    """
    return compare_predictions(_table(first), _table(second))


def _table(source: Evaluation | pd.DataFrame | str) -> pd.DataFrame:
    if isinstance(source, Evaluation):
        return source.table
    if isinstance(source, pd.DataFrame):
        return source
    run = find_run(source, all_runs())
    table = predictions(run)
    if table is None:
        raise GaloptError(f"run {run.label} has no table of predictions")
    return table
