"""Votes as counts."""

import keras
import numpy as np
import pandas as pd
import pytest
from helpers.galaxies import write_survey
from helpers.project import PROJECT
from helpers.small import small
from keras import ops
from scipy import stats
from scipy.special import gammaln

from galopt.config import Evaluate
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.data.rescale import build_dataset
from galopt.metrics import interval
from galopt.networks.beta_binomial import (
    BetaBinomial,
    Concentration,
    FractionError,
    _log_gamma,
    standard_deviation,
)
from galopt.networks.inference import predict_averaged
from galopt.training.train import train


@pytest.mark.backend
def test_log_gamma_is_that_of_scipy():
    x = np.geomspace(1e-3, 1e4, 200).astype(np.float32)
    ours = ops.convert_to_numpy(_log_gamma(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(ours, gammaln(x.astype(float)), rtol=2e-6, atol=2e-5)


@pytest.mark.backend
@pytest.mark.parametrize("mu", [0.02, 0.4, 0.95])
@pytest.mark.parametrize("kappa", [0.5, 8.0, 300.0])
def test_the_loss_is_the_likelihood_of_the_counts(mu, kappa):
    ticks, voters = np.array([0, 1, 3, 5]), 5
    votes = np.stack([ticks / voters, np.full(4, voters)], axis=1).astype(np.float32)
    predicted = np.tile(np.float32([mu, kappa]), (4, 1))
    ours = ops.convert_to_numpy(BetaBinomial(reduction=None)(votes, predicted))
    theirs = -stats.betabinom(voters, mu * kappa, (1 - mu) * kappa).logpmf(ticks)
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-4)


def test_the_loss_is_least_at_the_truth():
    rng = np.random.default_rng(0)
    mu, kappa, voters = 0.3, 6.0, 9
    chance = rng.beta(mu * kappa, (1 - mu) * kappa, 40_000)
    votes = np.stack([rng.binomial(voters, chance) / voters, np.full(40_000, voters)], axis=1)

    def loss(mean, concentration):
        predicted = np.tile(np.float32([mean, concentration]), (len(votes), 1))
        return float(BetaBinomial()(votes.astype(np.float32), predicted))

    truth = loss(mu, kappa)
    for mean, concentration in ((0.27, kappa), (0.33, kappa), (mu, 4.5), (mu, 8.0)):
        assert loss(mean, concentration) > truth


@pytest.mark.backend
@pytest.mark.parametrize("mu", [0.0, 1.0])
def test_the_loss_stays_finite_at_the_edges(mu):
    votes, predicted = np.float32([[1 - mu, 3]]), np.float32([[mu, 1000]])
    assert np.isfinite(float(BetaBinomial()(votes, predicted)))


def test_the_spread_is_that_of_a_beta_distribution():
    found = standard_deviation(np.float32([[0.2, 0.5, 4.0]]), 2)
    expected = [stats.beta(0.2 * 4, 0.8 * 4).std(), stats.beta(2, 2).std()]
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)
    assert standard_deviation(np.float32([[0.2, 0.5]]), 2) is None


TREE = ([2, 2], [None, 1])
"""Smooth or featured; featured: edge-on or not."""


def test_in_a_tree_each_answer_is_judged_among_those_who_answered_its_question():
    votes = np.float32([[0.6, 0.4, 0.1, 0.3, 10], [1, 0, 0, 0, 10]])
    predicted = np.tile(np.float32([0.2, 0.8, 0.2, 0.6, 8]), (2, 1))
    ours = ops.convert_to_numpy(BetaBinomial(TREE[0], reduction=None)(votes, predicted))

    def loss(ticks, voters, mu):
        return -stats.betabinom(voters, mu * 8, (1 - mu) * 8).logpmf(ticks)

    first = [loss(6, 10, 0.2) + loss(4, 10, 0.8), loss(10, 10, 0.2) + loss(0, 10, 0.8)]
    second = [loss(1, 4, 0.25) + loss(3, 4, 0.75), 0]  # nobody was asked: no loss
    np.testing.assert_allclose(ours, (np.array(first) + second) / 4, rtol=2e-4, atol=2e-4)
    assert BetaBinomial.from_config(BetaBinomial(TREE[0]).get_config()).answers == TREE[0]


def test_the_deviation_in_a_tree_is_that_of_the_product_of_chances():
    rng = np.random.default_rng(0)
    featured, edge_on = rng.beta(0.8 * 6, 0.2 * 6, 400_000), rng.beta(0.25 * 6, 0.75 * 6, 400_000)
    predicted = np.float32([[0.2, 0.8, 0.2, 0.6, 6]])
    found = standard_deviation(predicted, 4, *TREE)[0]
    drawn = [1 - featured, featured, featured * edge_on, featured * (1 - edge_on)]
    np.testing.assert_allclose(found, np.std(drawn, axis=1), rtol=0.01)


@pytest.mark.backend
def test_the_error_is_that_of_the_fractions():
    metric = FractionError(2)
    metric.update_state(np.float32([[0.2, 0.4, 7]]), np.float32([[0.5, 0.8, 300]]))
    assert float(metric.result()) == pytest.approx(np.sqrt((0.3**2 + 0.4**2) / 2))
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert again.targets == 2


@pytest.mark.backend
def test_the_concentration_is_bounded_and_rebuilds():
    layer = Concentration(kernel_initializer=keras.initializers.Constant(1.0))
    values = ops.convert_to_numpy(layer(np.float32([[-100.0], [0.0], [100.0]])))
    np.testing.assert_allclose(values[:, 0], [0.1, 10, 1000], rtol=1e-5)
    assert Concentration.from_config(layer.get_config()).units == 1


@pytest.fixture(scope="module")
def ballots(tmp_path_factory) -> dataset.Dataset:
    """Return a dataset of raw votes: chances of concentration 6 about what elongation says."""
    data = tmp_path_factory.mktemp("ballots")
    write_survey(data, 600)
    votes = pd.read_csv(data / "survey" / "votes.csv")
    rng = np.random.default_rng(2)
    voters = rng.integers(8, 25, len(votes))
    for target in ("spheroid", "disk"):
        mean = 0.1 + 0.8 * votes[target]
        chance = rng.beta(6 * mean, 6 * (1 - mean))
        votes[target] = rng.binomial(voters, chance) / voters
        votes[f"{target}_mean"] = mean
    votes.assign(n_votes=voters).to_csv(data / "survey" / "votes.csv", index=False)
    config = load_config(PROJECT / "params.yaml", "survey.fractions=raw")
    return build_dataset(config, data, data / "dataset")


@pytest.mark.long
def test_the_errors_learnt_from_counts_are_those_of_the_chances(ballots, tmp_path):
    config = small(train__epochs=20, train__learning_rate=0.003, train__loss="beta_binomial")
    model = train(config, ballots, tmp_path).model
    test = ballots.split("test")
    mean, deviation = predict_averaged(model, np.array(test.images), Evaluate())
    truth = test.catalog[[f"{target}_mean" for target in ballots.targets]].to_numpy()
    expected = np.sqrt(truth * (1 - truth) / 7)
    assert np.median(deviation / expected) == pytest.approx(1, rel=0.2)
    low, high = interval(mean, deviation)
    chances = stats.beta(6 * truth, 6 * (1 - truth))
    assert 0.88 <= np.mean(chances.cdf(high) - chances.cdf(low)) <= 0.98
