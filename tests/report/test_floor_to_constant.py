"""Where results stand between floor and constant."""

import pytest
from matplotlib.figure import Figure

from galopt.evaluation.published import covered
from galopt.report.figures.floor_to_constant import standing


@pytest.mark.parametrize(("rmse", "share"), [(0.3, 0.0), (0.1, 1.0), (0.2, 0.5), (0.4, -0.5)])
def test_share_covered_runs_from_constant_to_floor(rmse, share):
    assert covered(rmse, constant=0.3, floor=0.1) == pytest.approx(share)


def labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_every_result_is_named_with_its_number():
    metrics = {"test_rmse": 0.1583, "test_rmse_constant": 0.226, "test_rmse_floor": 0.127}
    drawn = labels(standing("a sky", metrics))
    assert {"this run 0.1583", "the paper 0.17", "Huertas-Company 0.13"} <= set(drawn)
    assert drawn.count("floor") == drawn.count("constant") == 2


def test_unknown_floor_is_not_drawn():
    drawn = labels(standing("a sky", {"test_rmse": 0.1583, "test_rmse_constant": 0.226}))
    assert drawn.count("floor") == 1
