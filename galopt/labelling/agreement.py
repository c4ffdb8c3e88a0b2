"""How far people agree who looked at the same galaxies."""

from itertools import combinations

import pandas as pd


def agreement(answers: pd.DataFrame) -> pd.DataFrame:
    """Compare the answers of each two people.

    Parameters
    ----------
    answers : DataFrame
        ``person``, ``galaxy``, ``ticks`` (tuple); without ticks there is no opinion.

    Returns
    -------
    DataFrame
        ``people``, ``galaxies`` (that both judged), ``same`` (share with the same ticks) and
        ``kappa``: Cohen's (1960), 1 for agreement and 0 for what chance would give at each
        one's own shares of answers; missing where chance alone would agree always.
    """
    judged = answers[answers["ticks"].astype(bool)]
    table = judged.pivot(index="galaxy", columns="person", values="ticks")
    rows = []
    for one, other in combinations(sorted(map(str, table)), 2):
        both = table[[one, other]].dropna()
        if len(both):
            same = float((both[one] == both[other]).mean())
            kappa = _kappa(both[one], both[other], same)
            pair = f"{one}, {other}"
            rows.append({"people": pair, "galaxies": len(both), "same": same, "kappa": kappa})
    return pd.DataFrame(rows, columns=["people", "galaxies", "same", "kappa"])


def _kappa(one: pd.Series, other: pd.Series, same: float) -> float:
    shares = [answers.value_counts(normalize=True) for answers in (one, other)]
    chance = float(shares[0].mul(shares[1], fill_value=0).sum())
    return (same - chance) / (1 - chance) if chance < 1 else float("nan")
