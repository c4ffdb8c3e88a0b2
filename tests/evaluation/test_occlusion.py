"""Occlusion maps of predictors whose answer is known."""

import numpy as np
import pytest

from galopt.evaluation.occlusion import STEPS, most_confident, occlusion_maps


def stamp() -> np.ndarray:
    """Return a dark sky with one bright square of 3 px off the centre."""
    image = np.full((72, 72), 20, np.uint8)
    image[24:27, 42:45] = 220
    return image


def brightness(images: np.ndarray) -> np.ndarray:
    """Predict the brightest pixel, and a constant."""
    top = images.reshape(len(images), -1).max(axis=1) / 255
    return np.stack([top, np.full(len(images), 0.5)], axis=1)


def test_what_decides_is_found_where_it_is():
    (found,) = occlusion_maps(brightness, stamp()[None], np.array([0]), field=1)
    assert found.shape == (STEPS, STEPS)
    corners = np.round(np.linspace(0, 64, STEPS))  # of a patch of 8 px
    covered = [(corners <= first) & (corners >= first - 5) for first in (24, 42)]
    assert found.max() == pytest.approx(200 / 255)
    np.testing.assert_array_equal(found > 0, np.outer(*covered))


def test_what_does_not_matter_leaves_the_map_empty():
    maps = occlusion_maps(brightness, np.stack([stamp(), stamp()]), np.array([1, 1]), field=0.5)
    assert maps.shape == (2, STEPS, STEPS)
    assert not maps.any()


def test_the_stamp_is_left_as_it_was():
    image = stamp()
    occlusion_maps(brightness, image[None], np.array([0]), field=1)
    assert (image == stamp()).all()


def test_typical_galaxies_are_one_of_each_target():
    predicted = np.array([[0.9, 0.8], [0.1, 0.7], [0.2, 0.1]])
    assert most_confident(predicted, 5).tolist() == [0, 1]
    assert most_confident(predicted, 1).tolist() == [0]
    assert most_confident(predicted[:1], 5).tolist() == [0]
