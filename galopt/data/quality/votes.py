"""What the votes and the splits tell: fractions, voters, balance, galaxies on both sides."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from galopt.data.quality.finding import Finding, count, finding
from galopt.data.question_groups import questions_of
from galopt.data.splits import SPLITS, same_galaxy
from galopt.metrics import CROSSVALIDATE, ENOUGH, rmse, rmse_per_galaxy

MEASURED = {"mag": "magnitude, AB", "r50": "half-light radius, arcsec", "snr": "S/N"}
"""Quantities of the catalogue that every split should share."""

FEW_VOTERS = 3
SIGNIFICANT = 0.01


def check_votes(catalog: pd.DataFrame, info: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the votes.

    Parameters
    ----------
    catalog : DataFrame
        Of the dataset, in the order of the images.
    info : dict
        What `dataset.json` says.
    """
    fractions = catalog[info["targets"]].to_numpy(float)
    outside = np.flatnonzero(~((fractions >= 0) & (fractions <= 1)).all(axis=1))
    if len(outside):
        yield finding(
            "error",
            f"{count(len(outside), 'galaxy', 'galaxies')} with a fraction outside [0, 1]",
            "A vote fraction is a share of the voters. Correct the votes table.",
            outside,
            [", ".join(f"{value:.2f}" for value in fractions[row]) for row in outside],
        )
    yield from _sums(fractions, info)
    if "n_votes" not in catalog:
        yield finding(
            "note",
            "The number of voters is not known",
            "Without a column n_votes there is no vote-noise floor to read an RMSE against.",
        )
    elif few := int((catalog.n_votes < FEW_VOTERS).sum()):
        yield finding(
            "warning",
            f"{count(few, 'galaxy', 'galaxies')} judged by fewer than {FEW_VOTERS} people",
            "Their fractions are mostly noise; train.weight_by_votes counts them less.",
        )
    yield from _worth(catalog, info)
    yield from _few(catalog, info["targets"])


def _sums(fractions: NDArray[np.float64], info: dict[str, Any]) -> Iterator[Finding]:
    """Yield galaxies whose fractions, taken together, cannot be what they are said to be."""
    targets, total = info["targets"], fractions.sum(axis=1)
    if len(targets) == 1:  # zero of one fraction is an answer
        return
    if questions := len(questions_of(targets)) - 1:
        yield finding(
            "note",
            f"The fractions answer {questions + 1} questions and do not sum to one",
            "Each is the share of all voters of a galaxy, and is kept as it is.",
        )
    if info["fractions"] == "normalised":
        wrong, promise = np.flatnonzero(~(np.abs(total - 1) < 1e-3)), "sum to one"
    else:
        wrong, promise = np.flatnonzero(~(total > 0)), "hold a vote"
    if len(wrong):
        yield finding(
            "error",
            f"{count(len(wrong), 'galaxy', 'galaxies')} whose fractions do not {promise}",
            f"survey.fractions is {info['fractions']}: look at these rows of the votes table.",
            wrong,
            [f"sum {total[row]:.3f}" for row in wrong],
        )


def _worth(catalog: pd.DataFrame, info: dict[str, Any]) -> Iterator[Finding]:
    """Yield a finding if there is nothing to learn between constant and floor."""
    constant, floor = constant_rmse(catalog, info["targets"]), info["floor"]
    if floor and floor["overall"] > 0.9 * constant:
        yield finding(
            "warning",
            f"The votes are mostly noise: floor {floor['overall']:.3f}, constant {constant:.3f}",
            "Always answering the mean is nearly as good as a perfect predictor could be. More "
            "voters a galaxy are needed, not a better network.",
        )


def _few(catalog: pd.DataFrame, targets: list[str]) -> Iterator[Finding]:
    """Yield a finding for a split of so few galaxies that what is measured on it is luck."""
    mean = catalog.loc[catalog.split == "train", targets].mean().to_numpy(float)
    meant = {
        "validation": "They choose the epoch that is kept, and the best of several networks",
        "test": "Runs cannot be told apart on them",
    }
    for split, use in meant.items():
        voted = catalog.loc[catalog.split == split, targets].to_numpy(float)
        if not 2 <= len(voted) < ENOUGH:
            continue
        squared = rmse_per_galaxy(voted, np.broadcast_to(mean, voted.shape)) ** 2
        reach = 1.96 * squared.std(ddof=1) / (2 * np.sqrt(squared.mean() * len(squared)))
        yield finding(
            "warning",
            f"{len(voted)} {split} galaxies: an RMSE of them is known to about ±{reach:.2f} only",
            f"{use}. (95 % interval of the constant predictor's RMSE.) Cross-validation measures "
            f"on every galaxy: {CROSSVALIDATE}",
        )


def constant_rmse(catalog: pd.DataFrame, targets: list[str]) -> float:
    """Return the test galaxies' RMSE of always answering the training galaxies' mean."""
    inside = {name: catalog.loc[catalog.split == name, targets].to_numpy() for name in SPLITS}
    return rmse(inside["test"], np.broadcast_to(inside["train"].mean(axis=0), inside["test"].shape))


def divided(catalog: pd.DataFrame, targets: list[str]) -> Iterator[Finding]:
    """Yield galaxies on both sides of a split, and quantities in which the splits differ."""
    galaxy = pd.Series(same_galaxy(catalog))
    sides = catalog.split.groupby(galaxy).transform("nunique")
    both = np.flatnonzero(sides > 1)
    if len(both):
        yield finding(
            "error",
            f"{count(galaxy[both].nunique(), 'galaxy', 'galaxies')} in several splits",
            "Rows of one number, or within 0.3 arcsec, are one galaxy and belong in one split.",
            both,
            [f"galaxy {galaxy[row]}, {catalog.split[row]}" for row in both],
        )
    table = compared(catalog, targets)
    odd = table[table.p * len(table) < SIGNIFICANT]
    for row in odd.itertuples():
        yield finding(
            "warning",
            f"{row.quantity}: {row.split} differs from train",
            f"Kolmogorov-Smirnov distance {row.distance:.3f}, p = {row.p:.1g} (of {len(table)} "
            "comparisons). By chance, or galaxies were added unevenly: another rescale.seed "
            "tells.",
        )


def compared(catalog: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """Compare validation and test with train by two-sample Kolmogorov-Smirnov tests.

    Returns
    -------
    DataFrame
        ``quantity``, ``split``, ``distance`` (largest difference of the cumulative
        distributions) and ``p``, of measured quantities and targets.
    """
    names = [name for name in (*MEASURED, "n_votes") if name in catalog] + targets
    rows = []
    for name in names:
        known = catalog.loc[np.isfinite(catalog[name]), ["split", name]]
        groups = {split: known.loc[known.split == split, name] for split in SPLITS}
        if min(map(len, groups.values())) < 2:
            continue
        for split in SPLITS[1:]:
            test = ks_2samp(groups["train"], groups[split], method="asymp")
            rows.append((name, split, float(test.statistic), float(test.pvalue)))
    return pd.DataFrame(rows, columns=["quantity", "split", "distance", "p"])


def balance(catalog: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """Return mean, spread, and shares of exact 0, exact 1 and the most votes of each target.

    One row per target, ``mean_train``, ``mean_validation`` and ``mean_test`` among its columns.
    """
    fractions = catalog[targets].to_numpy(float)
    largest = np.bincount(fractions.argmax(axis=1), minlength=len(targets)) / len(catalog)
    columns = {
        "target": targets,
        "mean": fractions.mean(axis=0),
        "spread": fractions.std(axis=0),
        "zero": (np.abs(fractions) < 1e-6).mean(axis=0),
        "one": (np.abs(fractions - 1) < 1e-6).mean(axis=0),
        "largest": largest,
    }
    for split in SPLITS:
        columns[f"mean_{split}"] = catalog.loc[catalog.split == split, targets].mean().to_numpy()
    return pd.DataFrame(columns)
