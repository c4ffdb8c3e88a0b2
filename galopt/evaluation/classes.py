"""One class per galaxy: accuracy, F1, precision and recall, and how sure they are.

All follow from the confusion matrix, so galaxies are resampled through its cells: a bootstrap of
galaxies draws the cells from a multinomial distribution.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.data.dataset import is_one_class
from galopt.evaluation.bootstrap import SAMPLES, TAILS, Difference, Interval

Array = NDArray[np.float64]

HEADLINE = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
}
"""Measures over all classes, and what they are called."""

_SAMPLES_AT_ONCE = 1000


def class_scores(
    true: ArrayLike, predicted: ArrayLike, names: Sequence[str], seed: int = 0
) -> dict[str, Interval]:
    """Measure a classification, with the 95 % interval of 10,000 resamples of the galaxies.

    Parameters
    ----------
    true, predicted : array, shape (N,), int
        Index of each galaxy's class.
    names : sequence of str
        Names of the K classes.
    seed : int

    Returns
    -------
    dict of Interval
        ``accuracy``; ``balanced_accuracy``, the mean recall of the classes that occur (Brodersen
        et al. 2010, "The balanced accuracy and its posterior distribution"); ``f1_macro``, the
        mean F1 of the classes; ``precision_<class>``, ``recall_<class>`` and ``f1_<class>``, 0
        where nothing was predicted or nothing is there.
    """
    cells = np.stack([np.asarray(true), np.asarray(predicted)], axis=1)
    (drawn,) = _resampled(cells, len(names), seed)
    values, samples = _measures(_confusion(cells, len(names)), names), _measures(drawn, names)
    ends = {name: np.quantile(samples[name], TAILS) for name in values}
    return {name: Interval(float(v), *map(float, ends[name])) for name, v in values.items()}


def compare_classes(first: pd.DataFrame, second: pd.DataFrame, seed: int = 0) -> list[Difference]:
    """Compare two tables of predictions of the same galaxies by the measures of `HEADLINE`.

    Parameters
    ----------
    first, second : DataFrame
        `galopt.evaluation.evaluate.Evaluation.table`, which
        `galopt.evaluation.bootstrap.compare_predictions` has found comparable.
    seed : int

    Returns
    -------
    list of Difference
        Of the second from the first, one a measure, paired by galaxy; none where galaxies have
        fractions of votes instead of one class each.
    """
    columns = [str(column) for column in first if str(column).startswith("voted_")]
    if not is_one_class(first[columns]):
        return []
    second = second.set_index("id").loc[first["id"]]
    cells = np.stack(
        [
            first[columns].to_numpy().argmax(axis=1),
            *(
                table[[c.replace("voted_", "predicted_", 1) for c in columns]]
                .to_numpy()
                .argmax(axis=1)
                for table in (first, second)
            ),
        ],
        axis=1,
    )
    runs = [_measures(part, columns) for part in _resampled(cells, len(columns), seed)]
    found = [_measures(_confusion(cells[:, [0, run]], len(columns)), columns) for run in (1, 2)]
    differences = []
    for name, words in HEADLINE.items():
        low, high = np.quantile(runs[1][name] - runs[0][name], TAILS)
        value = float(found[1][name] - found[0][name])
        differences.append(
            Difference(value, float(low), float(high), len(cells), words, lower_is_better=False)
        )
    return differences


def _confusion(cells: NDArray[np.int64], classes: int) -> Array:
    counts = np.zeros((classes, classes))
    np.add.at(counts, (cells[:, 0], cells[:, 1]), 1)
    return counts


def _resampled(cells: NDArray[np.int64], classes: int, seed: int) -> list[Array]:
    """Return the confusion matrices, (10,000, K, K), of each prediction beside the truth."""
    random = np.random.default_rng(seed)
    kinds, counts = np.unique(cells, axis=0, return_counts=True)
    places = [kinds[:, 0] * classes + kinds[:, run] for run in range(1, kinds.shape[1])]
    parts: list[list[Array]] = [[] for _ in places]
    for _ in range(SAMPLES // _SAMPLES_AT_ONCE):
        drawn = random.multinomial(len(cells), counts / len(cells), _SAMPLES_AT_ONCE)
        for part, place in zip(parts, places, strict=True):
            sums = drawn.astype(float) @ np.eye(classes**2)[place]
            part.append(sums.reshape(-1, classes, classes))
    return [np.concatenate(part) for part in parts]


def _measures(confusion: Array, names: Sequence[str]) -> dict[str, Array]:
    """Return every measure of confusion matrices (..., K, K) with the truth in rows."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    there, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    recall, precision = _ratio(right, there), _ratio(right, said)
    f1 = _ratio(2 * right, there + said)
    found = {
        "accuracy": right.sum(axis=-1) / confusion.sum(axis=(-2, -1)),
        "balanced_accuracy": _ratio(recall.sum(axis=-1), (there > 0).sum(axis=-1)),
        "f1_macro": _ratio(f1.sum(axis=-1), (there + said > 0).sum(axis=-1)),
    }
    for measure, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        found |= {f"{measure}_{name}": values[..., k] for k, name in enumerate(names)}
    return found


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)
