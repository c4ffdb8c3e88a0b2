"""Speed of training, and what input and augmentation cost beside the network.

Each network trains on random stamps from memory, twice: as `galopt` does it, with random
views made in the step, and from views made once beforehand; beside them runs a product of two
large matrices, which nothing on the machine is faster than. A training step counts as three
times the operations of a prediction. All networks take turns, round by round, so that a noisy
machine treats them alike; the median round counts. ``time`` is an image's, in those of the
first network at the same precision.

    uv run python -m benchmarks.training_speed network.preset=ignat2016 network.preset=modern
    uv run python -m benchmarks.training_speed --precision mixed_bfloat16 "" network.maxout=2
    KERAS_BACKEND=jax uv run --extra jax python -m benchmarks.training_speed
"""

import argparse
import time

import keras
import numpy as np
from numpy.typing import NDArray

from galopt import architecture, hardware, networks, params
from galopt.augment import view_layer
from galopt.config import Config
from galopt.optimizers import make_optimizer

SIDE, TARGETS, STEPS, ROUNDS, MATRIX = 84, 5, 8, 5, 3072

Trained = tuple[keras.Model, NDArray, NDArray]
"""A network, what it is trained on, and the votes."""


def main() -> None:
    """Measure the networks given on the command line as overrides."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("networks", nargs="*", default=[""], help='"key=value …" beside ignat2016')
    parser.add_argument("--precision", nargs="*", default=["float32", "mixed_bfloat16"])
    given = parser.parse_args()
    print(f"{hardware.describe()}, Keras on {keras.backend.backend()}; images/s trained")
    print(
        f"{'precision':<16}{'MFLOP':>7}{'with views':>12}{'bare':>8}{'cost':>8}{'time':>7}"
        f"{'peak GFLOP/s':>14}{'of peak':>9}  network"
    )
    for precision in given.precision:
        _measure(given.networks, precision)


def _measure(networks: list[str], precision: str) -> None:
    configs = [params.build({}, words) for words in networks]
    trained = [_trained(config, precision) for config in configs]
    rounds = [
        [(_round(*whole), _round(*bare), _product(precision)) for whole, bare in trained]
        for _ in range(1 + ROUNDS)
    ][1:]  # the first compiles
    medians = np.median(rounds, axis=0)
    for words, config, (rate, bare, peak) in zip(networks, configs, medians, strict=True):
        flops = architecture.totals(config.network, TARGETS)["flops"]
        print(
            f"{precision:<16}{flops / 1e6:7.0f}{rate:12.0f}{bare:8.0f}{1 - rate / bare:8.1%}"
            f"{medians[0, 0] / rate:7.2f}{peak / 1e9:14.0f}{3 * flops * rate / peak:9.0%}"
            f"  {words or config.network.preset}"
        )


def _trained(config: Config, precision: str) -> tuple[Trained, Trained]:
    """Return the network with stamps and votes, and the same with ready views and votes."""
    rng = np.random.default_rng(0)
    size = config.train.batch_size
    stamps = rng.integers(0, 256, (size, SIDE, SIDE)).astype(np.uint8)
    votes = rng.uniform(size=(size, TARGETS)).astype(np.float32)
    view = view_layer(config.network, config.augment, stamps, 0)
    whole = networks.build(config.network, TARGETS, SIDE, view, 0, precision)
    bare = keras.Model(view.output, whole.output)
    for model in (whole, bare):
        model.compile(make_optimizer(config.train, 1000), loss=config.train.loss)
    views = keras.ops.convert_to_numpy(view(stamps, training=True))
    return (whole, stamps, votes), (bare, views, votes)


def _round(model: keras.Model, inputs: NDArray, votes: NDArray) -> float:
    """Return the images a second of some steps."""
    started = time.perf_counter()
    for _ in range(STEPS):
        model.train_on_batch(inputs, votes)
    return STEPS * len(votes) / (time.perf_counter() - started)


def _product(precision: str) -> float:
    """Return the operations a second of a product of two square matrices."""
    dtype = keras.DTypePolicy(precision).compute_dtype
    matrix = keras.ops.cast(keras.random.normal((MATRIX, MATRIX), seed=0), dtype)
    started = time.perf_counter()
    for _ in range(STEPS):
        keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix)[0, :1])
    return STEPS * 2 * MATRIX**3 / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
