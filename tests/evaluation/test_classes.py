"""Measures of classes, their intervals, and two runs compared by them."""

import numpy as np
import pandas as pd
import pytest

from galopt.evaluation.classes import class_scores, compare_classes

NAMES = ["spiral", "elliptical", "merger"]


def test_measures_are_those_of_a_matrix_counted_by_hand():
    true = [0] * 4 + [1] * 5 + [2] * 1
    predicted = [0, 0, 0, 1] + [1, 1, 1, 1, 0] + [0]
    scores = class_scores(true, predicted, NAMES)
    found = {name: interval.value for name, interval in scores.items()}
    assert found["accuracy"] == pytest.approx(7 / 10)
    assert found["recall_spiral"] == pytest.approx(3 / 4)
    assert found["precision_spiral"] == pytest.approx(3 / 5)
    assert found["recall_merger"] == found["precision_merger"] == found["f1_merger"] == 0
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 4 / 5 + 0) / 3)
    f1 = [2 * 3 / (4 + 5), 2 * 4 / (5 + 5), 0]
    assert found["f1_macro"] == pytest.approx(np.mean(f1))


def test_a_class_that_does_not_occur_is_not_counted():
    found = class_scores([0, 0, 1, 1], [0, 0, 1, 0], NAMES)
    assert found["balanced_accuracy"].value == pytest.approx(0.75)
    assert found["f1_macro"].value == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_intervals_hold_the_true_accuracy_as_often_as_they_say():
    """Of 200 samples of 150 galaxies with an accuracy of 0.8, about 95 %."""
    rng = np.random.default_rng(0)
    held = 0
    for number in range(200):
        true = rng.integers(0, 3, 150)
        predicted = np.where(rng.uniform(size=150) < 0.8, true, (true + 1) % 3)
        found = class_scores(true, predicted, NAMES, seed=number)["accuracy"]
        held += found.low <= 0.8 <= found.high
    assert 180 <= held <= 198


def table(true, predicted):
    """Return a table of predictions of one-hot classes."""
    columns = {f"voted_{name}": (true == k).astype(float) for k, name in enumerate(NAMES)}
    columns |= {f"predicted_{name}": (predicted == k) * 0.9 for k, name in enumerate(NAMES)}
    return pd.DataFrame({"id": [f"g{n}" for n in range(len(true))], **columns})


def test_a_better_run_is_told_from_an_equal_one_whatever_the_order_of_rows():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 3, 400)
    miss = rng.uniform(size=400)
    good = table(true, np.where(miss < 0.1, (true + 1) % 3, true))
    bad = table(true, np.where(miss < 0.2, (true + 1) % 3, true))
    shuffled = good.sample(frac=1, random_state=2)
    differences = compare_classes(bad, shuffled)
    assert [d.measure for d in differences] == ["accuracy", "balanced accuracy", "macro F1"]
    assert all(d.real and d.value > 0 for d in differences)
    assert "good is really better than bad: accuracy" in differences[0].sentence("bad", "good")
    assert "higher" in differences[0].sentence("bad", "good")
    assert not any(d.real for d in compare_classes(good, shuffled))


def test_fractions_of_votes_are_not_compared_as_classes():
    voted = table(np.array([0, 1, 2]), np.array([0, 1, 1]))
    voted.loc[0, ["voted_spiral", "voted_merger"]] = 0.5
    assert compare_classes(voted, voted) == []
