"""Votes worth a second look: far from the predictions, and better suited to other galaxies."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import betabinom, norm

from galopt.data.dataset import Split, is_one_class

Array = NDArray[np.float64]

_EDGE = 1e-3
"""Chances are kept this far from 0 and 1, where one vote to the contrary is impossible."""


def second_look(
    split: Split, targets: list[str], predicted: ArrayLike, errors: ArrayLike
) -> pd.DataFrame:
    """Order galaxies by how improbable their votes are, and how much better they suit others.

    Wrong votes are improbable if the predictions are right, but so are those of galaxies that are
    hard to predict; and votes that were mixed up suit other galaxies better. The order is by the
    sum of the ranks in both.

    Parameters
    ----------
    split : Split
        Galaxies with their votes.
    targets : list of str
        Names of the T fractions.
    predicted, errors : array, shape (N, T)
        Predictions by networks that were not trained on the galaxy, and their standard
        deviations around the expected fraction.

    Returns
    -------
    DataFrame
        One row per galaxy, the most suspect first: ``id``, ``n_votes`` where known, ``target``
        that is contradicted most, its ``voted`` and ``predicted`` fraction; ``mix_up``, how much
        more probable the votes are of the average galaxy than of this one: the decimal logarithm of
        each answer's ratio, times its fraction, summed; ``p_value`` of votes so far off by chance,
        and ``false_discovery_rate`` among all of at most this p-value (Benjamini & Hochberg 1995).
    """
    voted, mean = np.asarray(split.fractions, float), np.asarray(predicted, float)
    chances = np.clip(mean, _EDGE, 1 - _EDGE)
    p_values = _p_values(split, voted, chances, np.asarray(errors, float))
    worst, rows = p_values.argmin(axis=1), np.arange(len(voted))
    # Of several fractions one may be improbable by chance: Bonferroni's correction.
    tests = 1 if is_one_class(voted) else len(targets)
    smallest = np.minimum(p_values[rows, worst] * tests, 1)
    table = pd.DataFrame({"id": split.catalog["id"]})
    if "n_votes" in split.catalog:
        table["n_votes"] = split.catalog["n_votes"]
    table = table.assign(
        target=np.array(targets)[worst],
        voted=voted[rows, worst],
        predicted=mean[rows, worst],
        mix_up=(voted * np.log10(chances.mean(axis=0) / chances)).sum(axis=1),
        p_value=smallest,
        false_discovery_rate=_false_discovery_rate(smallest),
    )
    far = np.abs(voted - mean)[rows, worst]  # where p-values are equal, often 0
    improbable = np.lexsort((far, -smallest)).argsort()
    ranks = table["mix_up"].rank() + improbable
    return table.loc[ranks.sort_values(ascending=False, kind="stable").index]


def _p_values(split: Split, voted: Array, mean: Array, errors: Array) -> Array:
    """Return how probable votes as far off or further are, to both sides, (N, T)."""
    if is_one_class(voted):
        chance = np.where(voted == 1, mean, 0).sum(axis=1, keepdims=True)
        no_more_probable = np.where(mean <= chance, mean, 0).sum(axis=1, keepdims=True)
        return np.where(voted == 1, np.minimum(no_more_probable, 1), 1.0)
    if "n_votes" not in split.catalog:
        return 2 * norm.sf(np.abs(voted - mean) / errors)
    voters = np.maximum(split.catalog["n_votes"].to_numpy(float).round(), 1)[:, None]
    kappa = np.maximum(mean * (1 - mean) / np.maximum(errors, _EDGE) ** 2 - 1, 0.1)
    ticks = betabinom(voters, mean * kappa, (1 - mean) * kappa)
    count = (voted * voters).round()
    return np.minimum(2 * np.minimum(ticks.cdf(count), ticks.sf(count - 1)), 1)


def _false_discovery_rate(p_values: Array) -> Array:
    order = np.argsort(p_values)
    rate = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    found = np.empty_like(rate)
    found[order] = np.minimum.accumulate(rate[::-1])[::-1]
    return np.minimum(found, 1)
