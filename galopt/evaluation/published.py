"""The published results that ours are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published number and what it was measured on."""

    key: str
    name: str
    rmse: float
    survey: str
    method: str
    source: str


PAPER = Published(
    "ignat2016",
    "Ignat et al. 2016",
    0.17,
    "CANDELS F160W, about 6,000 galaxies",
    "one network with ReLU, no brightness augmentation, no averaging",
    "Ignat, Gupta, Mathur & Hausen (2016), section 5.1",
)
MODEL = Published(
    "huertas2015",
    "Huertas-Company et al. 2015",
    0.13,
    "CANDELS F160W, GOODS-S visual votes",
    "average of networks with 16 views and maxout",
    "Huertas-Company et al. (2015), as quoted by Ignat et al. (2016), section 5.1",
)
PUBLISHED = (
    PAPER,
    MODEL,
    Published(
        "dieleman2015",
        "Dieleman et al. 2015, best network",
        0.07671,
        "Galaxy Zoo 2, 37 answers (Kaggle public score)",
        "one network with 16 views and maxout",
        "Dieleman, Willett & Dambre (2015)",
    ),
    Published(
        "dieleman2015-ensemble",
        "Dieleman et al. 2015, 17 networks",
        0.07467,
        "Galaxy Zoo 2, 37 answers (Kaggle public score)",
        "average of 17 variants, each over 60 transformed inputs",
        "Dieleman, Willett & Dambre (2015)",
    ),
)


# The published GOODS-S votes (Kartaltepe et al. 2015), 7,567 rows normalised to sum to one:
# RMSE of always answering their mean; and of their noise, from the 201 galaxies voted on
# twice and from the number of voters of each.
CANDELS_CONSTANT = 0.2352


CANDELS_FLOOR = (0.12, 0.135)


def covered(rmse: float, constant: float, floor: float) -> float:
    """Return how far an RMSE is on the way from the constant predictor (0) to the floor (1)."""
    return (constant - rmse) / (constant - floor)


def judgement(metrics: Mapping[str, float], collapsed: bool = False) -> str:
    """Say in words what a test RMSE is worth between its constant predictor and its floor.

    Parameters
    ----------
    metrics : mapping
        ``test_rmse``, ``test_rmse_constant`` and, if it is known, ``test_rmse_floor``.
    collapsed : bool
        `galopt.evaluation.diagnostics.collapsed` of the predictions.
    """
    if collapsed:
        return (
            "The network gives nearly the same answer for every test galaxy: it has not learnt to "
            "tell them apart. Train with -P preset=modern, longer, or on more galaxies."
        )
    rmse, constant = metrics["test_rmse"], metrics["test_rmse_constant"]
    floor = metrics.get("test_rmse_floor")
    if rmse >= constant:
        return "Not better than always answering the mean: train longer, or on more galaxies."
    if floor is None or floor >= constant:
        return f"{100 * (1 - rmse / constant):.0f} % below always answering the mean."
    share = 100 * covered(rmse, constant, floor)
    advice = ": train longer, or on more galaxies" if share < LITTLE else ""
    return f"{share:.0f} % of the way from the constant to the floor{advice}."


LITTLE = 20
"""Percent of the way below which a network has hardly learnt; the published ones have 50 to 100."""
