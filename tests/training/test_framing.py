"""What the network sees is compared with the size of the galaxies."""

import re

import numpy as np
import pytest

from galopt.config.load import load_config
from galopt.training.framing import typical_size, warn_of_framing


def stamps(size, side=84, planes=1, sky=0.0):
    """Return Gaussian galaxies whose half-light diameter is `size` sides of the stamp."""
    rng = np.random.default_rng(0)
    y, x = np.indices((side, side)) - (side - 1) / 2
    sigma = size * side / 2 / 1.1774
    light = 200 * np.exp(-(x**2 + y**2) / (2 * sigma**2)) + sky
    noisy = light + rng.normal(0, 3 if sky else 0, (5, side, side))
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., None].repeat(planes, axis=-1)


@pytest.mark.parametrize("sky", [0.0, 30.0])
@pytest.mark.parametrize("size", [0.05, 0.15, 0.3])
def test_the_size_of_galaxies_is_measured(size, sky):
    assert typical_size(stamps(size, planes=3, sky=sky)) == pytest.approx(size, rel=0.15)


@pytest.mark.parametrize(
    ("size", "words", "message"),
    [
        (0.15, "", None),
        (0.15, "network.preset=modern", None),
        (0.4, "", "are cut off: set (network.field=0.7 .*)"),
        (0.2, "network.field=0.3", "are cut off: set (network.field=0.[78].*)"),
        (0.5, "network.field=0.7 augment.zoom=1 augment.shift=0", "cut larger stamps"),
        (0.05, "", r"are small: set (network.field=0\.\d+), and rescale.pixels: 2\d\d in params"),
        (0.02, "", "cut smaller stamps about the galaxies"),
    ],
)
def test_a_view_that_does_not_suit_says_what_to_set(size, words, message, caplog):
    warn_of_framing(load_config(None, words), stamps(size))
    if message is None:
        assert not caplog.text
    else:
        assert caplog.records[0].levelname == "WARNING"
        (found,) = re.finditer(message, caplog.text)
        if found.groups():  # what is advised is taken, and nothing is left to say
            caplog.clear()
            warn_of_framing(load_config(None, found[1]), stamps(size))
            assert not caplog.text
