"""What one RMSE hides: calibration, confusion, and which galaxies the errors come from."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.data.dataset import is_one_class
from galopt.evaluation.bootstrap import bootstrap

# Huertas-Company et al. (2015), as in their published code: a spheroid has f_sph >= 0.66,
# f_disk < 0.66 and f_irr < 0.1; a disk the other way round; an irregular f_irr >= 0.1.
DOMINANT, DISTURBED = 0.66, 0.1
CUT_TARGETS = ("spheroid", "disk", "irregular")
NEITHER = "none of these"

FEWEST = 5
"""Galaxies that a bin must hold to be shown."""

COLLAPSED = 0.1
"""Scatter over the galaxies, in that of the votes, below which all get about one answer."""


def collapsed(voted: ArrayLike, predicted: ArrayLike) -> bool:
    """Tell whether a network gives nearly the same answer for every galaxy, (N, T)."""
    scatter = [np.sqrt(np.asarray(x, float).var(axis=0).mean()) for x in (voted, predicted)]
    return bool(scatter[1] < COLLAPSED * scatter[0])


def reliability(voted: ArrayLike, predicted: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Compare one predicted fraction with the mean vote in bins of the prediction.

    Parameters
    ----------
    voted, predicted : array, shape (N,)
        Fractions in [0, 1].
    bins : int
        Bins of equal width from 0 to 1.

    Returns
    -------
    DataFrame
        One row a bin with five galaxies or more: mean `predicted`, mean `voted`, its 95 %
        interval `low` to `high` (1.96 standard errors) and `galaxies`.
    """
    table = pd.DataFrame({"voted": np.asarray(voted, float), "predicted": predicted})
    number = np.clip((table["predicted"] * bins).astype(int), 0, bins - 1)
    groups = table.groupby(number)
    result = groups.mean().assign(galaxies=groups.size())
    reach = 1.96 * groups["voted"].std() / np.sqrt(result["galaxies"])
    result = result.assign(low=result["voted"] - reach, high=result["voted"] + reach)
    return result[result["galaxies"] >= FEWEST].reset_index(drop=True)


def calibration_error(voted: ArrayLike, predicted: ArrayLike, bins: int = 10) -> float:
    """Return by how much the mean vote misses the prediction, on average over the galaxies.

    The expected calibration error of Naeini et al. (2015), for fractions; bins as in
    `reliability`, small ones too.
    """
    voted, predicted = np.asarray(voted, float), np.asarray(predicted, float)
    number = np.clip((predicted * bins).astype(int), 0, bins - 1)
    excess = np.bincount(number, voted - predicted, minlength=bins)
    return float(np.abs(excess).sum() / len(voted))


def classify(
    fractions: ArrayLike, targets: Sequence[str], one_class: bool = False
) -> tuple[NDArray[np.int64], list[str], bool]:
    """Sort galaxies into classes: by the published cuts, else by the largest fraction.

    Parameters
    ----------
    fractions : array, shape (N, T)
        In [0, 1].
    targets : sequence of str
        Names of the T fractions. The cuts of Huertas-Company et al. (2015) apply where
        spheroid, disk and irregular are among them.
    one_class : bool
        Every galaxy has one class, so that no cuts are needed.

    Returns
    -------
    classes : array, shape (N,)
        Index into the names.
    names : list of str
    cuts : bool
        Whether the published cuts were used.
    """
    fractions, names = np.asarray(fractions, float), list(targets)
    if one_class or not set(CUT_TARGETS) <= set(names):
        return fractions.argmax(axis=1), names, False
    spheroid, disk, irregular = (fractions[:, names.index(name)] for name in CUT_TARGETS)
    regular = irregular < DISTURBED
    chosen = np.select(
        [
            regular & (spheroid >= DOMINANT) & (disk < DOMINANT),
            regular & (disk >= DOMINANT) & (spheroid < DOMINANT),
            ~regular,
        ],
        [0, 1, 2],
        3,
    )
    return chosen, [*CUT_TARGETS, NEITHER], True


def confusion(voted: ArrayLike, predicted: ArrayLike, targets: Sequence[str]) -> pd.DataFrame:
    """Count galaxies by the class of their votes (rows) and of their prediction (columns)."""
    one_class = is_one_class(voted)
    rows, names, _ = classify(voted, targets, one_class)
    columns = classify(predicted, targets, one_class)[0]
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (rows, columns), 1)
    return pd.DataFrame(counts, index=names, columns=names)


def rmse_by(squared: ArrayLike, quantity: ArrayLike, bins: int = 6) -> pd.DataFrame:
    """Measure the RMSE of bright and faint, or small and large galaxies.

    Parameters
    ----------
    squared : array, shape (N,)
        Mean squared error of each galaxy.
    quantity : array, shape (N,)
        What the galaxies are sorted by; those without a finite value are left out.
    bins : int
        Bins with as many galaxies each, fewer where there are too few galaxies.

    Returns
    -------
    DataFrame
        One row a bin: the median `quantity`, `rmse`, its 95 % bootstrap interval `low` to
        `high`, and `galaxies`. Empty if fewer than five galaxies have a value.
    """
    squared, quantity = np.asarray(squared, float), np.asarray(quantity, float)
    known = np.flatnonzero(np.isfinite(quantity))
    order = known[np.argsort(quantity[known], kind="stable")]
    rows = []
    for part in np.array_split(order, max(1, min(bins, len(order) // FEWEST))):
        if len(part) < FEWEST:
            continue
        (found,) = bootstrap(squared[part, None])
        rows.append(
            {
                "quantity": float(np.median(quantity[part])),
                "rmse": found.value,
                "low": found.low,
                "high": found.high,
                "galaxies": len(part),
            }
        )
    return pd.DataFrame(rows, columns=["quantity", "rmse", "low", "high", "galaxies"])


def entropy(fractions: ArrayLike) -> NDArray[np.float64]:
    """Return how undecided predicted fractions are, from 0 (one class) to 1 (all alike), (N,).

    The Shannon entropy of the fractions (N, T) scaled to sum to one, over the logarithm of T.
    """
    positive = np.clip(np.asarray(fractions, float), 1e-12, None)
    shares = positive / positive.sum(axis=1, keepdims=True)
    return -(shares * np.log(shares)).sum(axis=1) / np.log(max(2, shares.shape[1]))
