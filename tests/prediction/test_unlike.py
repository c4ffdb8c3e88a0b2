"""Galaxies that look like no training galaxy are told apart by the light of their stamps."""

import numpy as np
import pytest

from galopt.prediction.unlike import FEWEST, Unlike

RANDOM = np.random.default_rng(0)


def stamps(count: int, planes: int = 1) -> np.ndarray:
    """Faint discs of several sizes on a noisy sky, (N, 32, 32, C)."""
    grid = np.hypot(*np.meshgrid(np.arange(32) - 15.5, np.arange(32) - 15.5))
    sizes = RANDOM.uniform(3, 6, (count, 1, 1, 1))
    light = 120 * np.exp(-grid[None, ..., None] / sizes) + RANDOM.normal(
        40, 8, (count, 32, 32, planes)
    )
    return np.clip(light, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("planes", [1, 4])
def test_one_in_a_hundred_is_strange_among_its_like_and_all_others_are(planes):
    known = Unlike.fit(stamps(400, planes), stamps(400, planes))
    same = stamps(400, planes)
    assert (known.score(same) > 1).mean() < 0.05
    assert known.score(255 - same).min() > 1  # the negative of a print
    assert known.score(np.full_like(same[:3], 255)).min() > 1
    assert known.score(same[:, :, ::-1]) == pytest.approx(known.score(same), rel=1e-3)


def test_the_axis_of_one_plane_makes_no_difference():
    one = stamps(100)
    known = Unlike.fit(one, one)
    np.testing.assert_allclose(known.score(one[..., 0]), known.score(one))


def test_too_few_galaxies_set_no_limit():
    assert Unlike.fit(stamps(FEWEST), stamps(FEWEST - 1)) is None


def test_constant_training_stamps_are_no_division_by_zero():
    blank = np.full((60, 32, 32, 1), 7, np.uint8)
    assert np.isfinite(Unlike.fit(blank, blank[:FEWEST] + 1).score(blank)).all()
