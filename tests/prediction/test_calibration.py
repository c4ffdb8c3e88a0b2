"""Errors learnt from galaxies that were not trained on: they are as large as they say."""

import numpy as np
import pytest

from galopt.metrics import error_ratio
from galopt.prediction.calibration import FEWEST, Calibration


def galaxies(count, seed, voters=None):
    """Return votes, predictions and a spread of views that is far too small, and the truth."""
    rng = np.random.default_rng(seed)
    expected = np.stack([rng.beta(2, 2, count), rng.beta(0.6, 3, count)], axis=1)
    hard = rng.uniform(0.02, 0.15, (count, 1))
    predicted = np.clip(expected + rng.normal(0, 1, (count, 2)) * hard, 0.01, 0.99)
    n_votes = np.full(count, voters or 10**6)
    votes = rng.binomial(n_votes[:, None], expected) / n_votes[:, None]
    return votes, predicted, 0.05 * np.broadcast_to(hard, votes.shape), n_votes


@pytest.mark.parametrize("voters", [None, 4, 30])
def test_intervals_hold_95_of_100_votes_of_galaxies_never_seen(voters):
    votes, predicted, spread, n_votes = galaxies(600, 0, voters)
    found = Calibration.fit(votes, predicted, spread, n_votes)
    votes, predicted, spread, n_votes = galaxies(4000, 1, voters)
    low, high = found.interval(predicted, spread)
    inside = (low <= votes) & (votes <= high)
    assert 0.93 <= inside.mean() <= 0.985 if voters == 4 else 0.93 <= inside.mean() <= 0.97
    assert ((low >= 0) & (high <= 1) & (low <= predicted) & (predicted <= high)).all()


@pytest.mark.parametrize("voters", [4, 30])
def test_errors_are_those_of_the_expected_fraction_without_the_chance_of_the_voters(voters):
    votes, predicted, spread, n_votes = galaxies(600, 2, voters)
    found = Calibration.fit(votes, predicted, spread, n_votes)
    votes, predicted, spread, n_votes = galaxies(4000, 3, voters)
    ratio = error_ratio(votes, predicted, found.errors(predicted, spread), n_votes)
    assert ratio == pytest.approx(1, abs=0.1)
    assert error_ratio(votes, predicted, spread, n_votes) > 1.2


def test_a_galaxy_whose_views_disagree_has_the_larger_error():
    votes, predicted, spread, _ = galaxies(2000, 4)
    found = Calibration.fit(votes, predicted, spread)
    small, large = (found.errors(np.full((1, 2), 0.5), np.full((1, 2), s)) for s in (0.001, 0.007))
    assert (large > 1.5 * small).all()


def test_too_few_galaxies_teach_nothing():
    votes, predicted, spread, n_votes = galaxies(FEWEST - 1, 5)
    assert Calibration.fit(votes, predicted, spread, n_votes) is None


def test_a_calibration_survives_json():
    found = Calibration.fit(*galaxies(100, 6))
    assert Calibration.model_validate_json(found.model_dump_json()) == found


def test_predictions_without_any_error_do_not_fail():
    votes, _, spread, n_votes = galaxies(100, 7)
    found = Calibration.fit(votes, votes, spread, n_votes)
    low, high = found.interval(votes, spread)
    assert np.isfinite(low).all()
    assert (high - low).max() < 0.01
