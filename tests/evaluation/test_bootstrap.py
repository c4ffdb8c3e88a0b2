"""The paired bootstrap, on cases whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from galopt.errors import DataError
from galopt.evaluation.bootstrap import compare_predictions, paired_bootstrap


def errors(seed: int, size: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).chisquare(1, size)


def test_equal_runs_do_not_differ():
    same = errors(0)
    result = paired_bootstrap(same, same)
    assert (result.value, result.low, result.high) == (0, 0, 0)
    assert not result.real


def test_constant_factor_is_always_real():
    result = paired_bootstrap(errors(0), 1.21 * errors(0))
    assert result.value == pytest.approx(0.1 * np.sqrt(errors(0).mean()))
    assert result.real
    assert result.low > 0


def test_order_turns_the_sign():
    forth, back = paired_bootstrap(errors(0), errors(1)), paired_bootstrap(errors(1), errors(0))
    assert forth.value == -back.value
    assert forth.low == pytest.approx(-back.high)


def test_seed_decides_the_interval():
    assert paired_bootstrap(errors(0), errors(1), 3) == paired_bootstrap(errors(0), errors(1), 3)
    assert paired_bootstrap(errors(0), errors(1), 3) != paired_bootstrap(errors(0), errors(1), 4)


def test_interval_has_the_width_of_the_normal_theory():
    first, second = errors(0, 1500), errors(1, 1500)
    result = paired_bootstrap(first, second)
    slopes = [0.5 / np.sqrt(values.mean()) for values in (first, second)]
    spread = np.std(slopes[1] * second - slopes[0] * first) / np.sqrt(1500)
    assert result.high - result.low == pytest.approx(2 * 1.96 * spread, rel=0.1)


def test_interval_covers_no_difference_as_often_as_it_says():
    trials = 60
    found = sum(paired_bootstrap(errors(i, 60), errors(1000 + i, 60)).real for i in range(trials))
    assert found <= 9  # 5 % of 60 are 3; 10 or more have a chance below 0.001


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [([1.0, 2.0], [1.0], "do not pair up"), ([1.0], [1.0], "two galaxies")],
)
def test_errors_that_cannot_be_compared_are_refused(first, second, message):
    with pytest.raises(DataError, match=message):
        paired_bootstrap(first, second)


def test_the_interval_holds_the_scatter_of_the_seeds():
    random = np.random.default_rng(5)
    hard = random.exponential(0.02, 300)[:, None]
    alike, apart = (hard * random.normal(1, scatter, 4) for scatter in (0.001, 0.1))
    one = paired_bootstrap(hard, alike)
    assert one.high - one.low == pytest.approx(0.0001, abs=0.0003)
    same = paired_bootstrap(apart, apart)
    assert same.low == same.value == same.high == 0
    several = paired_bootstrap(hard, apart)
    assert several.low < 0 < several.high
    assert several.high - several.low > 0.005
    assert several.value == pytest.approx(np.sqrt(apart.mean()) - np.sqrt(hard.mean()))


def table(ids: str = "abcd", predicted: float = 0.5, target: str = "disk") -> pd.DataFrame:
    voted = [0.0, 0.25, 0.5, 1.0]
    rows = {"id": list(ids), f"voted_{target}": voted, f"predicted_{target}": predicted}
    return pd.DataFrame(rows)


def test_rows_are_matched_by_id_not_by_order():
    shuffled = table().sample(frac=1, random_state=1)
    assert compare_predictions(table(), shuffled).value == pytest.approx(0)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (table("abce"), "different galaxies"),
        (table(target="spheroid"), "different fractions"),
        (table("dcba"), "different votes"),
    ],
)
def test_other_tests_are_refused(other, message):
    with pytest.raises(DataError, match=message):
        compare_predictions(table(), other)


def test_sentence_says_who_is_better_or_that_nobody_is():
    better = compare_predictions(table(predicted=0.9), table(predicted=0.5))
    assert better.value < 0
    text = paired_bootstrap(errors(0), 0.5 * errors(0)).sentence("one", "two")
    assert text.startswith("two is really better than one")
    text = paired_bootstrap(errors(0), 2 * errors(0)).sentence("one", "two")
    assert text.startswith("one is really better than two")
    assert "cannot be told apart" in paired_bootstrap(errors(0), errors(0)).sentence("one", "two")
