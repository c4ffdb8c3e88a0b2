"""Speed of training, and what input and augmentation cost beside the network.

Each network trains on random stamps from memory, twice: as `galopt` does it, in shuffled
batches and with random views made in the step, and from views made once beforehand, in one
order; beside them runs a product of two large matrices, which nothing on the machine is faster
than. A training step counts as three times the operations of a prediction. All networks take
turns, round by round, so that a noisy machine treats them alike; the median round counts.
``time`` is an image's, in those of the first network at the same precision.

    uv run python -m benchmarks.training_speed network.preset=ignat2016 network.preset=modern
    uv run python -m benchmarks.training_speed --precision mixed_bfloat16 "" network.maxout=2
    KERAS_BACKEND=jax uv run --extra jax python -m benchmarks.training_speed
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pandas as pd

from galopt.compute import hardware
from galopt.config import Config
from galopt.config.load import build_config
from galopt.data.dataset import Split
from galopt.networks import architecture
from galopt.networks.augmentation import view_layer
from galopt.networks.build import build_network
from galopt.training.batches import Batches
from galopt.training.optimizers import make_optimizer

SIDE, TARGETS, STEPS, ROUNDS, MATRIX = 84, 5, 16, 5, 3072

Epoch = Callable[[], object]
"""Trains a network on `STEPS` batches."""


def main() -> None:
    """Measure the networks given on the command line as overrides."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("networks", nargs="*", default=[""], help='"key=value …" beside ignat2016')
    parser.add_argument("--precision", help="a Keras dtype policy [float32, then mixed_bfloat16]")
    given = parser.parse_args()
    print(f"{hardware.describe()}, Keras on {keras.backend.backend()}; images/s trained")
    print(
        f"{'precision':<16}{'MFLOP':>7}{'with views':>12}{'bare':>8}{'cost':>8}{'time':>7}"
        f"{'peak GFLOP/s':>14}{'of peak':>9}  network"
    )
    for precision in [given.precision] if given.precision else ["float32", "mixed_bfloat16"]:
        _measure(given.networks, precision)


def _measure(overrides: list[str], precision: str) -> None:
    configs = [build_config({}, words) for words in overrides]
    trained = [train_both(config, precision) for config in configs]
    rounds = [
        [
            (_speed(whole, config), _speed(bare, config), _product(precision))
            for config, (whole, bare) in zip(configs, trained, strict=True)
        ]
        for _ in range(1 + ROUNDS)
    ][1:]  # the first compiles
    medians = np.median(rounds, axis=0)
    for words, config, (rate, bare, peak) in zip(overrides, configs, medians, strict=True):
        flops = architecture.totals(config.network, _targets(config))["flops"]
        print(
            f"{precision:<16}{flops / 1e6:7.0f}{rate:12.0f}{bare:8.0f}{1 - rate / bare:8.1%}"
            f"{medians[0, 0] / rate:7.2f}{peak / 1e9:14.0f}{3 * flops * rate / peak:9.0%}"
            f"  {words or config.network.preset}"
        )


def train_both(config: Config, precision: str) -> tuple[Epoch, Epoch]:
    """Return an epoch of the network as galopt has it, and one of the same on ready views."""
    rng = np.random.default_rng(0)
    size, targets = config.train.batch_size, _targets(config)
    stamps = rng.integers(0, 256, (STEPS * size, SIDE, SIDE)).astype(np.uint8)
    votes = rng.uniform(size=(len(stamps), targets)).astype(np.float32)
    view = view_layer(config.network, config.augment, stamps, 0)
    whole = build_network(config.network, targets, SIDE, view, 0, precision)
    bare = keras.Model(view.output, whole.output)
    for model in (whole, bare):
        model.compile(make_optimizer(config.train, 1000), loss=config.train.loss)
    parts = np.split(stamps, STEPS)
    views = np.concatenate([keras.ops.convert_to_numpy(view(p, training=True)) for p in parts])
    batches = Batches(Split(stamps, votes, pd.DataFrame()), size, repeats=0, seed=0)
    return (
        partial(whole.fit, batches, shuffle=False, verbose=0),
        partial(bare.fit, views, votes, batch_size=size, shuffle=False, verbose=0),
    )


def _targets(config: Config) -> int:
    return len(config.network.tree_answers) or TARGETS


def _speed(epoch: Epoch, config: Config) -> float:
    """Return the images per second of an epoch."""
    started = time.perf_counter()
    epoch()
    return STEPS * config.train.batch_size / (time.perf_counter() - started)


def _product(precision: str) -> float:
    """Return the operations per second of a product of two square matrices."""
    dtype = keras.DTypePolicy(precision).compute_dtype
    matrix = keras.ops.cast(keras.random.normal((MATRIX, MATRIX), seed=0), dtype)
    started = time.perf_counter()
    for _ in range(STEPS):
        keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix)[0, :1])
    return STEPS * 2 * MATRIX**3 / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
