"""What an RMSE is worth, in words."""

import pytest

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
