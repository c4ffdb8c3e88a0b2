"""RMSE and the vote-noise floor, against what is known analytically."""

import numpy as np
import pytest

from galopt.data.noise_floor import noise_floor, sampling_variance
from galopt.errors import DataError
from galopt.metrics import error_ratio, interval, rmse, rmse_per_galaxy, rmse_per_target


def test_rmse_of_a_constant_offset_is_the_offset():
    voted = np.random.default_rng(0).uniform(0, 0.5, (20, 5))
    assert rmse(voted, voted) == 0
    assert rmse(voted, voted + 0.25) == pytest.approx(0.25)
    np.testing.assert_allclose(rmse_per_target(voted, voted + 0.25), 0.25)


def test_global_rmse_is_the_quadratic_mean_of_its_parts():
    rng = np.random.default_rng(1)
    voted, predicted = rng.uniform(size=(2, 50, 5))
    whole = rmse(voted, predicted)
    assert np.sqrt(np.mean(rmse_per_target(voted, predicted) ** 2)) == pytest.approx(whole)
    assert rmse_per_galaxy(voted, predicted).mean() <= whole


@pytest.mark.parametrize(
    ("voted", "predicted", "message"),
    [
        (np.zeros((3, 5)), np.zeros((3, 4)), "differ in shape"),
        (np.zeros((0, 5)), np.zeros((0, 5)), "no galaxy"),
        (np.zeros((1, 5)), np.full((1, 5), np.nan), "not finite"),
    ],
)
def test_rmse_refuses_what_cannot_be_compared(voted, predicted, message):
    with pytest.raises(DataError, match=message):
        rmse(voted, predicted)


def test_floor_from_votes_is_what_a_perfect_predictor_gets():
    rng = np.random.default_rng(2)
    truth = rng.uniform(size=(20_000, 1))
    n_votes = rng.integers(2, 30, 20_000)
    fractions = rng.binomial(n_votes[:, None], truth) / n_votes[:, None]
    floor = noise_floor(sampling_variance(fractions, n_votes), ["disk"])
    assert floor is not None
    assert floor["overall"] == pytest.approx(rmse(fractions, truth), rel=0.03)
    assert floor["disk"] == floor["overall"]


def test_floor_is_unknown_when_nobody_voted_twice():
    assert noise_floor(sampling_variance([[1.0]], [1]), ["disk"]) is None


def test_errors_of_beta_binomial_votes_are_as_large_as_expected():
    rng = np.random.default_rng(3)
    mean, kappa, n_votes = 0.3, 5.0, rng.integers(3, 60, 50_000)
    chance = rng.beta(mean * kappa, (1 - mean) * kappa, 50_000)
    voted = (rng.binomial(n_votes, chance) / n_votes)[:, None]
    predicted = np.full_like(voted, mean)
    deviation = np.full_like(voted, np.sqrt(mean * (1 - mean) / (kappa + 1)))
    assert error_ratio(voted, predicted, deviation, n_votes) == pytest.approx(1, abs=0.01)
    assert error_ratio(voted, predicted, deviation / 2, n_votes) > 1.2


@pytest.mark.parametrize("mean", [0.02, 0.5, 0.9])
def test_so_many_chances_lie_in_the_interval(mean):
    rng = np.random.default_rng(4)
    kappa = 6.0
    chance = rng.beta(mean * kappa, (1 - mean) * kappa, 20_000)
    low, high = interval(mean, np.sqrt(mean * (1 - mean) / (kappa + 1)), level=0.8)
    assert np.mean(chance < low) == pytest.approx(0.1, abs=0.01)
    assert np.mean(chance > high) == pytest.approx(0.1, abs=0.01)


def test_an_interval_stays_within_what_a_fraction_may_be():
    low, high = interval([[0.0, 1.0, 0.3, 0.5]], [[0.2, 0.0, 0.9, 0.0]])
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    np.testing.assert_allclose([low[0, 3], high[0, 3]], 0.5, atol=1e-3)
