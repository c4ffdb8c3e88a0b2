"""Processor time of one step of Adam over the weights of `ignat2016`: Keras' and galopt's.

They take turns, round by round, so that a noisy machine treats both alike; the median counts.

    uv run python -m benchmarks.optimizer_step
"""

import time
from collections.abc import Callable
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf

from galopt.training import fused_adam

CONVOLUTIONS = [(6, 6, 1, 32), (5, 5, 32, 64), (3, 3, 64, 128), (3, 3, 128, 128)]
SHAPES = [*CONVOLUTIONS, (512, 2048), (2048, 2048), (2048, 5)]
ROUNDS, STEPS = 5, 8


def main() -> None:
    """Print milliseconds per step."""
    ways = {"Keras": _step(keras.optimizers), "galopt": _step(fused_adam)}
    rounds = [{name: _milliseconds(step) for name, step in ways.items()} for _ in range(ROUNDS)]
    for name in ways:
        print(f"{name:<8}{np.median([times[name] for times in rounds]):7.1f} ms per step")


def _step(library: ModuleType) -> Callable[[], object]:
    """Return a compiled step, which has run once."""
    rng = np.random.default_rng(0)
    weights = [keras.Variable(rng.normal(size=shape).astype("f4")) for shape in SHAPES]
    gradients = [tf.constant(rng.normal(size=shape).astype("f4")) for shape in SHAPES]
    optimizer = library.Adam()
    optimizer.build(weights)
    step = tf.function(lambda: optimizer.apply(gradients, weights))
    step()
    return step


def _milliseconds(step: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(STEPS):
        step()
    return 1e3 * (time.process_time() - started) / STEPS


if __name__ == "__main__":
    main()
