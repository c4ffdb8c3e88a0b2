"""What an RMSE is worth, in words."""

import numpy as np
import pytest

from galopt.evaluation.diagnostics import collapsed
from galopt.evaluation.published import judgement


@pytest.mark.parametrize(
    ("rmse", "floor", "words"),
    [
        (0.20, 0.10, "Not better than always answering the mean"),
        (0.12, 0.10, "80 % of the way from the constant to the floor."),
        (0.19, 0.10, "10 % of the way from the constant to the floor: train longer"),
        (0.10, None, "50 % below always answering the mean."),
        (0.10, 0.30, "50 % below always answering the mean."),
    ],
)
def test_judgement(rmse, floor, words):
    known = {} if floor is None else {"test_rmse_floor": floor}
    metrics = {"test_rmse": rmse, "test_rmse_constant": 0.20} | known
    assert judgement(metrics).startswith(words)


def test_a_network_that_says_the_same_of_all_galaxies_is_named():
    rng = np.random.default_rng(0)
    voted = rng.uniform(0, 1, (50, 2))
    same = 0.5 + 0.01 * (voted - 0.5)
    assert collapsed(voted, same)
    assert not collapsed(voted, 0.5 + 0.3 * (voted - 0.5))
    words = judgement({"test_rmse": 0.2, "test_rmse_constant": 0.2}, collapsed(voted, same))
    assert "nearly the same answer for every test galaxy" in words
    assert "preset=modern" in words
