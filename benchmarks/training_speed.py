"""Speed of training, and what input and augmentation cost beside the network.

Each network trains on random stamps from memory, twice: as `galopt` does it, with random
views made in the step, and from views made once beforehand; beside them runs a product of two
large matrices, which nothing on the machine is faster than. A training step counts as three
times the operations of a prediction. Rounds take turns, so that a noisy machine treats all
alike; the median round counts.

    uv run python -m benchmarks.training_speed ignat2016 modern
    KERAS_BACKEND=jax uv run --extra jax python -m benchmarks.training_speed ignat2016
"""

import sys
import time
from statistics import median
from typing import Any

import keras
import numpy as np

from galopt import architecture, hardware, networks, params
from galopt.augment import view_layer
from galopt.optimizers import make_optimizer

SIDE, TARGETS, STEPS, ROUNDS, MATRIX = 84, 5, 8, 5, 3072


def main() -> None:
    """Measure the presets given on the command line."""
    rng = np.random.default_rng(0)
    print(f"{hardware.describe()}, Keras on {keras.backend.backend()}; images/s trained")
    print(
        f"{'preset':<14}{'precision':<16}{'MFLOP':>7}{'with views':>12}{'bare':>8}{'cost':>8}"
        f"{'peak GFLOP/s':>14}{'of peak':>9}"
    )
    for name in sys.argv[1:] or ["ignat2016"]:
        for precision in ("float32", "mixed_bfloat16"):
            config = params.build({"network": {"preset": name}})
            stamps = rng.integers(0, 256, (config.train.batch_size, SIDE, SIDE)).astype(np.uint8)
            whole, bare, views = _models(config, stamps, precision)
            votes = rng.uniform(size=(len(stamps), TARGETS)).astype(np.float32)
            rounds = [
                (_round(whole, stamps, votes), _round(bare, views, votes), _product(precision))
                for _ in range(1 + ROUNDS)
            ][1:]  # the first compiles
            rates = [median(column) for column in zip(*rounds, strict=True)]
            flops = architecture.totals(config.network, TARGETS)["flops"]
            print(
                f"{name:<14}{precision:<16}{flops / 1e6:7.0f}{rates[0]:12.0f}{rates[1]:8.0f}"
                f"{1 - rates[0] / rates[1]:8.1%}{rates[2] / 1e9:14.0f}"
                f"{3 * flops * rates[0] / rates[2]:9.0%}"
            )


def _models(config: Any, stamps: Any, precision: str) -> tuple[keras.Model, keras.Model, Any]:
    """Return the network on stamps, the same on ready views, and those views."""
    view = view_layer(config.network, config.augment, stamps, 0)
    whole = networks.build(config.network, TARGETS, SIDE, view, 0, precision)
    bare = keras.Model(view.output, whole.output)
    for model in (whole, bare):
        model.compile(make_optimizer(config.train, 1000), loss=config.train.loss)
    return whole, bare, keras.ops.convert_to_numpy(view(stamps, training=True))


def _round(model: keras.Model, inputs: Any, votes: Any) -> float:
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
