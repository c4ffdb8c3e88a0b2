"""Calibration, confusion and errors by brightness, against cases known beforehand."""

import numpy as np
import pandas as pd
import pytest

from galopt.errors import DataError
from galopt.evaluation.bootstrap import bootstrap
from galopt.evaluation.diagnostics import (
    NEITHER,
    calibration_error,
    classify,
    confusion,
    entropy,
    reliability,
    rmse_by,
)

PAPER = ["spheroid", "disk", "irregular", "point_source", "unclassifiable"]


def test_interval_of_equal_errors_is_a_point():
    (found,) = bootstrap(np.full((50, 1), 0.04))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.2, 0.2))


def test_interval_has_the_width_of_theory():
    squared = np.random.default_rng(1).normal(size=(4000, 2)) ** 2
    for found, column in zip(bootstrap(squared), squared.T, strict=True):
        error = column.std() / np.sqrt(len(column)) / 2 / found.value  # of a root of a mean
        assert found.low < found.value < found.high
        assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.05)


def test_no_galaxy_has_no_interval():
    with pytest.raises(DataError, match="no galaxy"):
        bootstrap(np.empty((0, 1)))


def test_calibrated_predictions_lie_on_the_diagonal():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(size=20_000)
    voted = rng.binomial(5, predicted) / 5
    table = reliability(voted, predicted)
    assert len(table) == 10
    assert table["galaxies"].sum() == 20_000
    assert ((table["low"] < table["predicted"]) & (table["predicted"] < table["high"])).sum() >= 8
    assert calibration_error(voted, predicted) < 0.01


def test_a_constant_offset_is_the_calibration_error():
    predicted = np.linspace(0.2, 0.8, 601)
    assert calibration_error(predicted - 0.1, predicted) == pytest.approx(0.1)
    table = reliability(predicted - 0.1, predicted)
    np.testing.assert_allclose(table["predicted"] - table["voted"], 0.1)


def test_bins_with_few_galaxies_are_left_out():
    assert reliability([0.5] * 4, [0.5] * 4).empty
    assert reliability([1.0] * 5, [1.0] * 5)["predicted"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("fractions", "name"),
    [
        ([0.66, 0.34, 0.00, 0, 0], "spheroid"),
        ([0.20, 0.70, 0.09, 0, 0], "disk"),
        ([0.90, 0.00, 0.10, 0, 0], "irregular"),
        ([0.50, 0.50, 0.00, 0, 0], NEITHER),
        ([0.70, 0.70, 0.00, 0, 0], NEITHER),
        ([0.00, 0.00, 0.00, 1, 0], NEITHER),
    ],
)
def test_published_cuts(fractions, name):
    classes, names, cuts = classify([fractions], PAPER)
    assert cuts
    assert names[classes[0]] == name


def test_other_surveys_are_classed_by_the_largest_fraction():
    classes, names, cuts = classify([[0.2, 0.5, 0.3]], ["smooth", "featured", "artifact"])
    assert not cuts
    assert names[classes[0]] == "featured"


def test_confusion_counts_each_galaxy_once():
    voted = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    predicted = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]
    counts = confusion(voted, predicted, ["a", "b"])
    expected = pd.DataFrame([[1, 1], [0, 1]], index=["a", "b"], columns=["a", "b"])
    pd.testing.assert_frame_equal(counts, expected)


def test_errors_are_found_where_they_are():
    quantity = np.r_[np.arange(100.0), np.nan]
    squared = np.r_[np.where(quantity[:100] < 50, 0.01, 0.04), 9.0]
    table = rmse_by(squared, quantity, bins=4)
    np.testing.assert_allclose(table["rmse"], [0.1, 0.1, 0.2, 0.2])
    np.testing.assert_allclose(table["quantity"], [12, 37, 62, 87])
    assert table["galaxies"].tolist() == [25] * 4
    assert rmse_by(squared, np.full(101, np.nan)).empty


def test_entropy_goes_from_decided_to_undecided():
    found = entropy([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.1] * 4])
    np.testing.assert_allclose(found, [0, 0.5, 1], atol=1e-6)
