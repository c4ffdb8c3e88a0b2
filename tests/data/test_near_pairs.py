"""Vectors that nearly coincide are found among many, and a heap of them stays a short list."""

import numpy as np
import pytest

from galopt.data.quality import near_pairs as module
from galopt.data.quality.near_pairs import PARTNERS, miss_probability, near_pairs

NONE = 0
"""Rows up to which all pairs are compared: the cells are used from the first on."""


def vectors(number, seed=0):
    """Return unit vectors that share a direction, as prints of galaxies do."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((number, 128), dtype=np.float32)
    drawn[:, 0] += 3
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def planted(number, cosine, pairs=400):
    """Return vectors of which the rows 2k and 2k + 1 have a cosine, for the first `pairs` k."""
    drawn = vectors(number)
    one, two = drawn[: 2 * pairs : 2], drawn[1 : 2 * pairs : 2]
    two -= (one * two).sum(axis=1, keepdims=True) * one
    two /= np.linalg.norm(two, axis=1, keepdims=True)
    two[:] = cosine * one + np.sqrt(1 - cosine**2) * two
    return drawn


def brute_force(drawn, threshold):
    return np.argwhere(np.triu(drawn @ drawn.T > threshold, 1)).tolist()


@pytest.mark.parametrize("exact", [NONE, 10_000])
def test_what_comparing_all_pairs_finds_is_found(exact):
    drawn = planted(6000, 0.85)
    expected = brute_force(drawn, 0.7)
    assert len(expected) == 400
    pairs, cosine = near_pairs(drawn, 0.7, exact)
    assert sorted(pairs.tolist()) == expected
    np.testing.assert_allclose(cosine, 0.85, atol=1e-3)


def test_pairs_at_the_threshold_are_missed_as_seldom_as_stated():
    drawn = planted(20_000, 0.701, pairs=2000)
    missed = 2000 - len(near_pairs(drawn, 0.7, NONE)[0])
    assert missed / 2000 < 2 * miss_probability(0.7, 20_000) + 0.002
    assert miss_probability(0.7, 10**6) < 0.05
    assert miss_probability(0.8, 10**6) < 0.002


@pytest.mark.long
@pytest.mark.parametrize("exact", [NONE, 10_000])
def test_a_heap_of_copies_is_a_short_list_that_names_them_all(exact):
    rng = np.random.default_rng(1)
    drawn = vectors(9000)
    drawn[:8000] = drawn[0] + rng.normal(0, 0.01, (8000, 128))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    pairs, cosine = near_pairs(drawn, 0.7, exact)
    assert len(pairs) <= PARTNERS * 8000
    assert set(pairs.ravel()) == set(range(8000))
    assert (np.diff(cosine) <= 0).all()


@pytest.mark.parametrize("exact", [NONE, 10_000])
def test_small_groups_are_listed_pair_by_pair(exact):
    drawn = vectors(3000)
    drawn[:PARTNERS] = drawn[0] + 0.01 * drawn[:PARTNERS]
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    expected = brute_force(drawn, 0.7)
    assert len(expected) == PARTNERS * (PARTNERS - 1) / 2
    assert sorted(near_pairs(drawn, 0.7, exact)[0].tolist()) == expected


def test_what_is_pending_is_bounded(monkeypatch):
    drawn = planted(3000, 0.85)
    whole = near_pairs(drawn, 0.7)
    monkeypatch.setattr(module, "_PENDING", 10)
    for one, other in zip(near_pairs(drawn, 0.7), whole, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("exact", [NONE, 10_000])
def test_blank_stamps_are_like_nothing(exact):
    blank = np.zeros((5000, 128), np.float32)
    assert len(near_pairs(blank, 0.7, exact)[0]) == 0
    assert len(near_pairs(blank[:0], 0.7, exact)[0]) == 0
