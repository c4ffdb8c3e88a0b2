"""Where the truth is known, errors are measured from what votes would be on average."""

import numpy as np
import pandas as pd
import pytest
from helpers.galaxies import write_survey

from galopt.config.load import load_config
from galopt.data.noise_floor import vote_expectation
from galopt.data.rescale import build_dataset
from galopt.data.survey.simulated.voters import cast_votes
from galopt.errors import ConfigError
from galopt.evaluation.bootstrap import compare_predictions
from galopt.evaluation.evaluate import score
from galopt.metrics import rmse

TARGETS = ["spheroid", "disk"]


def write_voted_survey(data, galaxies, seed=0):
    """Write blobs on which four voters voted by known chances."""
    write_survey(data, galaxies)
    file = data / "survey" / "votes.csv"
    votes = pd.read_csv(file)
    chances = votes[TARGETS].to_numpy().clip(0.05, 0.95)
    truth = pd.DataFrame({"id": votes["id"], "p_spheroid": chances[:, 0], "p_disk": chances[:, 1]})
    truth.to_parquet(data / "survey" / "truth.parquet", index=False)
    voters = np.full(galaxies, 4)
    votes[TARGETS] = cast_votes(chances, voters, np.random.default_rng(seed))
    votes.to_csv(file, index=False)


@pytest.fixture(scope="module")
def voted(tmp_path_factory):
    """Return a dataset of 200 such galaxies, 60 % of them for the test."""
    data = tmp_path_factory.mktemp("voted")
    write_voted_survey(data, 200)
    return build_dataset(load_config("params.yaml", "rescale.test=0.6"), data, data / "dataset")


@pytest.mark.parametrize("normalised", [False, True])
def test_the_expectation_is_the_mean_of_many_elections(normalised):
    rng = np.random.default_rng(5)
    chances = rng.uniform(0.02, 0.9, (40, 5))
    voters = rng.integers(3, 7, 40)
    elections = []
    for _ in range(4000):
        fractions = cast_votes(chances, voters, rng)
        elections.append(fractions / (fractions.sum(axis=1, keepdims=True) if normalised else 1))
    expected = vote_expectation(chances, voters, normalised)
    np.testing.assert_allclose(expected, np.mean(elections, axis=0), atol=0.04)
    assert abs((expected - np.mean(elections, axis=0)).mean()) < 0.002


def test_the_truth_changes_neither_the_hash_nor_the_votes(voted, tmp_path):
    write_voted_survey(tmp_path, 200)
    (tmp_path / "survey" / "truth.parquet").unlink()
    config = load_config("params.yaml", "rescale.test=0.6")
    without = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert without.info["hash"] == voted.info["hash"]
    assert without.split("test").expected is None
    np.testing.assert_allclose(voted.split("train").expected.sum(axis=1), 1, atol=1e-5)


def test_a_perfect_predictor_has_no_error_from_the_expected_votes(voted):
    test = voted.split("test")
    assert len(test) == 120
    metrics = score(voted, test, test.expected).metrics
    assert metrics["test_rmse_expected"] == metrics["test_rmse_expected_disk"] == 0
    assert metrics["test_rmse"] == pytest.approx(metrics["test_rmse_floor"], rel=0.1)


def test_without_the_truth_there_is_no_such_metric(blobs):
    test = blobs.split("test")
    evaluation = score(blobs, test, test.fractions)
    assert "test_rmse_expected" not in evaluation.metrics
    assert evaluation.truth is test.fractions


def test_a_difference_that_vote_noise_hides_is_found(voted):
    test = voted.split("test")
    rng = np.random.default_rng(1)
    predicted = [
        test.expected + rng.normal(0, size, test.expected.shape).astype(np.float32)
        for size in (0.04, 0.06)
    ]
    good, worse = (score(voted, test, seen).table for seen in predicted)
    found = compare_predictions(good, worse)
    errors = [rmse(test.expected, seen) for seen in predicted]
    assert found.value == pytest.approx(errors[1] - errors[0])
    assert found.real
    assert "RMSE from the expected votes" in found.sentence("one", "two")
    votes = [table.drop(columns=["expected_spheroid", "expected_disk"]) for table in (good, worse)]
    assert not compare_predictions(*votes).real


def test_a_split_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(ConfigError, match="less than 1"):
        load_config("params.yaml", "rescale.test=0.7 rescale.validation=0.3")
