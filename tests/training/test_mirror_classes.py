"""Classes that only a mirror tells apart are found, by name or by their arms."""

import logging

import numpy as np
import pandas as pd
import pytest

from galopt.config.load import load_config
from galopt.data.dataset import Split
from galopt.training.mirror_classes import mirror_names, opposite_arms, warn_of_mirrors, winding


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["elliptical", "clockwise", "anticlockwise"], ("clockwise", "anticlockwise")),
        (
            ["clockwise_arm", "Anti-Clockwise arm"],
            ("clockwise_arm", "Anti-Clockwise arm"),
        ),
        (["counter_clockwise", "clockwise"], ("counter_clockwise", "clockwise")),
        (["spiral_cw", "spiral_acw"], ("spiral_cw", "spiral_acw")),
        (["elliptical", "edge_on", "merger"], None),
        (["clockwise", "anticlockwise_bar"], None),
        (["has_bar_left", "no_bar_left"], None),
    ],
)
def test_mirror_images_are_known_by_name(names, found):
    assert mirror_names(names) == found


def spirals(number, hand, side=64):
    """Return stamps of two-armed spirals of one hand (1 or -1; 0: disks), seen from anywhere."""
    rng = np.random.default_rng(number)
    y, x = np.indices((side, side)) - (side - 1) / 2
    stamps = []
    for turn, tilt in zip(
        rng.uniform(0, 2 * np.pi, number), rng.uniform(0.6, 1, number), strict=True
    ):
        u, v = np.cos(turn) * x - np.sin(turn) * y, (np.sin(turn) * x + np.cos(turn) * y) / tilt
        radius = np.hypot(u, v) + 0.1
        arms = 1 + 0.5 * abs(hand) * np.cos(2 * (np.arctan2(v, u) - 2 * hand * np.log(radius)))
        light = 150 * arms * np.exp(-radius / (side / 8)) + rng.normal(20, 4, x.shape)
        stamps.append(np.clip(light, 0, 255))
    return np.array(stamps, np.uint8)[..., None]


def split_of(*hands):
    images = np.concatenate([spirals(40, hand) for hand in hands])
    fractions = np.repeat(np.eye(len(hands), dtype=np.float32), 40, axis=0)
    return Split(images, fractions, pd.DataFrame())


def test_a_mirror_reverses_the_winding():
    stamps = spirals(20, 1)
    turns = winding(stamps)
    assert (np.sign(turns) == np.sign(turns.mean())).mean() > 0.9
    np.testing.assert_allclose(winding(stamps[:, :, ::-1]), -turns, atol=0.05)


def test_arms_tell_the_hands_that_names_do_not():
    names = ["0", "1", "2"]
    assert set(opposite_arms(names, split_of(0, 1, -1)) or ()) == {"1", "2"}
    assert opposite_arms(names, split_of(0, 0, 0)) is None
    assert opposite_arms(names, split_of(0, 1, 1)) is None


def test_flips_that_destroy_a_class_are_warned_of(caplog):
    names, disks = ["clockwise", "anticlockwise"], split_of(0, 0)
    with caplog.at_level(logging.WARNING):
        warn_of_mirrors(load_config("params.yaml"), names, disks)
    assert "clockwise and anticlockwise are each other's mirror image, and" in caplog.text
    assert "set augment.flip=false" in caplog.text
    caplog.clear()
    warn_of_mirrors(load_config("params.yaml"), ["1", "2"], split_of(1, -1))
    assert "as the arms of the training galaxies show" in caplog.text
    caplog.clear()
    warn_of_mirrors(load_config("params.yaml", "augment.flip=false"), names, disks)
    warn_of_mirrors(load_config("params.yaml"), ["spiral", "disk"], disks)
    assert not caplog.text
