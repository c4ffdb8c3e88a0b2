"""Grey levels of many stamps."""

import numpy as np
import pytest

from galopt.levels import mean_and_spread


@pytest.mark.parametrize("count", [1, 200, 450])
def test_mean_and_spread_are_those_of_all_pixels(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 9, 9)).astype(np.uint8)
    assert mean_and_spread(images) == pytest.approx((images.mean(), images.std()), rel=1e-12)
