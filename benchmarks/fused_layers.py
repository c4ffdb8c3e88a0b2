"""Processor time to train on an image: `modern` of Keras' layers and of galopt's, and `ignat2016`.

They take turns, round by round, so that a noisy machine treats all alike; the median counts.
Random views and the update of the weights are part of it.

    uv run python -m benchmarks.fused_layers
    uv run python -m benchmarks.fused_layers mixed_bfloat16
"""

import sys
import time
from functools import partial
from unittest.mock import patch

import keras
import numpy as np

from benchmarks.training_speed import STEPS, Epoch, train_both
from galopt.config.load import build_config
from galopt.networks import build

ROUNDS = 5
KERAS = {
    "BatchNormalization": keras.layers.BatchNormalization,
    "WeightedMean": partial(keras.layers.DepthwiseConv2D, use_bias=False),
}


def main() -> None:
    """Print milliseconds an image at one precision or at both."""
    for precision in sys.argv[1:] or ["float32", "mixed_bfloat16"]:
        with patch.multiple(build, **KERAS):
            ways = {"modern, Keras' layers": _epoch("modern", precision)}
        ways |= {name: _epoch(name, precision) for name in ("modern", "ignat2016")}
        rounds = [[_milliseconds(*way) for way in ways.values()] for _ in range(1 + ROUNDS)]
        for name, median in zip(ways, np.median(rounds[1:], axis=0), strict=True):
            print(f"{precision:<16}{median:7.2f} ms an image  {name}")


def _epoch(preset: str, precision: str) -> tuple[Epoch, int]:
    config = build_config({}, f"network.preset={preset}")
    return train_both(config, precision)[0], STEPS * config.train.batch_size


def _milliseconds(epoch: Epoch, images: int) -> float:
    started = time.process_time()
    epoch()
    return 1e3 * (time.process_time() - started) / images


if __name__ == "__main__":
    main()
