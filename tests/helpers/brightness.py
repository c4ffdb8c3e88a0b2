"""A model without a network, and images for it."""

from pathlib import Path

import numpy as np
from PIL import Image

from galopt.config import Stamps
from galopt.prediction.model import MorphologyModel

TARGETS = ["mean", "spread"]


class Brightness(MorphologyModel):
    """Stands for a network: its fractions are the mean and the spread of the grey levels."""

    learnt = sums_to_one = False
    calibration = unlike = None

    def __init__(self):
        self.targets, self.side, self.stamps = TARGETS, 40, Stamps()
        self.networks, self.origin = ["one"], {"model": "a test"}

    def fractions(self, stamps):
        """Return fractions (N, 2) of stamps."""
        assert stamps.dtype == np.uint8
        return np.stack([stamps.mean((1, 2, 3)) / 255, stamps.std((1, 2, 3)) / 255], 1).astype("f4")

    def fingerprint(self):
        """Return what tells it from another."""
        return self.origin["model"]

    def with_spread(self, stamps):
        """Return fractions and a tenth of them."""
        return self.fractions(stamps), self.fractions(stamps) / 10


def write_pictures(folder: Path, names: list[str]) -> None:
    """Write images of smooth noise."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for name in names:
        pixels = random.integers(0, 256, (60, 80)).astype(np.uint8)
        Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC).save(folder / name)
