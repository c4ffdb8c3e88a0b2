"""Votes that contradict the predictions are found; votes that chance explains are not."""

import numpy as np
import pandas as pd
import pytest

from galopt.data.dataset import Split
from galopt.evaluation.second_look import second_look

TARGETS = ["smooth", "featured", "artifact"]


def voted(count, seed, voters=20):
    """Return galaxies whose votes are those of the predictions within the stated errors."""
    rng = np.random.default_rng(seed)
    predicted = rng.dirichlet([4, 2, 0.5], count)
    errors = np.full(predicted.shape, 0.1)
    kappa = np.maximum(predicted * (1 - predicted) / 0.01 - 1, 0.1)
    shapes = np.maximum([predicted * kappa, (1 - predicted) * kappa], 1e-3)
    chances = rng.beta(*shapes)
    fractions = (rng.binomial(voters, chances) / voters).astype(np.float32)
    catalog = pd.DataFrame({"id": [f"g{n}" for n in range(count)], "n_votes": voters})
    return Split(np.zeros((count, 4, 4), np.uint8), fractions, catalog), predicted, errors


def test_chance_alone_gives_hardly_any_galaxy_a_low_false_discovery_rate():
    split, predicted, errors = voted(1000, 0)
    table = second_look(split, TARGETS, predicted, errors)
    assert (table["false_discovery_rate"] < 0.05).sum() <= 3
    assert (table["p_value"] < 0.05).mean() < 0.07
    assert sorted(table["id"]) == sorted(split.catalog["id"])


def test_votes_for_another_answer_come_first():
    split, predicted, errors = voted(1000, 1)
    wrong = np.flatnonzero(predicted[:, 0] > 0.75)[:20]
    split.fractions[wrong] = np.roll(split.fractions[wrong], 1, axis=1)
    table = second_look(split, TARGETS, predicted, errors)
    first = set(table["id"].head(40))
    assert len(first & {f"g{n}" for n in wrong}) >= 16
    assert table["false_discovery_rate"].head(10).median() < 0.01
    assert table["mix_up"].head(10).min() > table["mix_up"].quantile(0.9)


def test_of_votes_as_far_off_those_that_suit_others_better_come_first():
    split, predicted, errors = voted(1000, 3)
    predicted[:2] = [[0.5, 0.4, 0.1], [0.5, 0.4, 0.1]]
    split.fractions[:2] = [[1, 0, 0], [0, 0.9, 0.1]]  # most galaxies are smooth
    table = second_look(split, TARGETS, predicted, errors).set_index("id")
    assert table["mix_up"]["g0"] > table["mix_up"]["g1"]
    assert list(table.index).index("g0") < list(table.index).index("g1")


def test_the_same_votes_of_fewer_people_contradict_less():
    few, predicted, errors = voted(1, 2, voters=3)
    many, _, _ = voted(1, 2, voters=60)
    predicted[:] = [0.8, 0.15, 0.05]
    few.fractions[:] = many.fractions[:] = [0, 2 / 3, 1 / 3]
    p_values = [
        second_look(split, TARGETS, predicted, errors)["p_value"].iloc[0] for split in (few, many)
    ]
    assert p_values[1] < p_values[0] / 10


def test_a_class_is_contradicted_by_the_chance_that_it_was_given():
    classes = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    catalog = pd.DataFrame({"id": ["sure", "unsure", "wrong"]})
    split = Split(np.zeros((3, 4, 4), np.uint8), classes, catalog)
    predicted = np.array([[0.9, 0.05, 0.05], [0.4, 0.35, 0.25], [0.97, 0.01, 0.02]])
    table = second_look(split, TARGETS, predicted, np.full((3, 3), 0.1))
    assert table["id"].iloc[0] == "wrong"
    assert table["p_value"].iloc[0] == pytest.approx(0.01)
    assert table["target"].iloc[0] == "featured"
