"""Optimisers and learning-rate schedules."""

import keras
import numpy as np
import pytest

from galopt.config import Train
from galopt.training.optimizers import make_optimizer


def rates(train: Train, steps: int) -> list[float]:
    """Return the learning rate at every step, and after the last."""
    optimizer = make_optimizer(train, steps)
    optimizer.build([keras.Variable([0.0])])
    found = []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        found.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    return found


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_each_optimiser_is_the_one_that_was_asked_for(name):
    optimizer = make_optimizer(Train(optimizer=name, clip_norm=1.5, weight_decay=0.02), 10)
    assert type(optimizer).__name__.lower() == name
    assert optimizer.global_clipnorm == 1.5
    assert (optimizer.weight_decay == 0.02) == (name == "adamw")


def test_half_precision_of_five_bits_scales_its_loss():
    optimizer = make_optimizer(Train(), 10, "mixed_float16")
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert isinstance(optimizer.inner_optimizer, keras.optimizers.Adam)
    assert isinstance(make_optimizer(Train(), 10, "mixed_bfloat16"), keras.optimizers.Adam)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_one_pass_over_the_weights_does_what_keras_does(name):
    ours = make_optimizer(Train(optimizer=name, clip_norm=1.5, weight_decay=0.02), 10)
    theirs = getattr(keras.optimizers, type(ours).__name__).from_config(ours.get_config())
    rng = np.random.default_rng(0)
    start = rng.normal(size=(40, 3)).astype(np.float32)
    weights = {optimizer: keras.Variable(start) for optimizer in (ours, theirs)}
    for _ in range(5):
        gradient = keras.ops.convert_to_tensor(rng.normal(size=start.shape).astype(np.float32))
        for optimizer, variable in weights.items():
            optimizer.apply([gradient], [variable])
    for a, b in zip(
        [weights[ours], *ours.variables], [weights[theirs], *theirs.variables], strict=True
    ):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b), rtol=1e-4, atol=1e-7
        )


def test_sgd_has_the_published_momentum():
    optimizer = make_optimizer(Train(optimizer="sgd"), 10)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert optimizer.global_clipnorm is None


def test_a_constant_rate_stays():
    assert rates(Train(learning_rate=0.01), 5) == pytest.approx([0.01] * 6)


def test_steps_fall_tenfold_after_72_and_92_percent():
    found = rates(Train(learning_rate=0.04, schedule="steps"), 100)
    assert found[:73] == pytest.approx([0.04] * 73)
    assert found[73:93] == pytest.approx([0.004] * 20)
    assert found[93:] == pytest.approx([0.0004] * 8)


def test_cosine_rises_then_falls_to_zero():
    found = rates(Train(learning_rate=0.01, schedule="cosine", warm_up=0.1), 100)
    assert found[0] == 0
    assert found[:11] == pytest.approx([0.001 * step for step in range(11)], abs=1e-7)
    assert found[55] == pytest.approx(0.005, rel=1e-3)
    assert found[100] == pytest.approx(0, abs=1e-8)
    assert found[10:] == sorted(found[10:], reverse=True)


def test_cosine_without_warm_up_starts_at_the_top():
    assert rates(Train(learning_rate=0.01, schedule="cosine"), 10)[0] == pytest.approx(0.01)
