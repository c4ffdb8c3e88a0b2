"""How the weights follow the gradient: optimiser and learning-rate schedule."""

from math import ceil

import keras

from galopt.config import Train
from galopt.training import fused_adam

# Dieleman, Willett & Dambre (2015), as their published code has it: the learning rate falls
# tenfold after 1,800 and again after 2,300 of 2,500 chunks.
STEPS_AT = (0.72, 0.92)


def make_optimizer(
    train: Train, steps: int, precision: str = "float32"
) -> keras.optimizers.Optimizer:
    """Return the optimiser that a configuration asks for.

    Parameters
    ----------
    train : config section
    steps : int
        Batches in the whole training run; the schedules end with it.
    precision : str
        A Keras dtype policy. With 'mixed_float16' the loss is scaled, so that small
        gradients do not vanish (Micikevicius et al. 2018, "Mixed precision training").

    Returns
    -------
    keras.optimizers.Optimizer
    """
    optimizer = _optimizer(train, _schedule(train, steps))
    if precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _optimizer(
    train: Train, rate: float | keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.Optimizer:
    clip = train.clip_norm or None
    if train.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, global_clipnorm=clip)
    library = fused_adam if keras.backend.backend() == "tensorflow" else keras.optimizers
    if train.optimizer == "adamw":
        return library.AdamW(rate, weight_decay=train.weight_decay, global_clipnorm=clip)
    return library.Adam(rate, global_clipnorm=clip)


def _schedule(train: Train, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    rate = train.learning_rate
    if train.schedule == "steps":
        boundaries = [round(share * steps) for share in STEPS_AT]
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            boundaries, [rate, rate / 10, rate / 100]
        )
    if train.schedule == "cosine":
        warm_up = ceil(train.warm_up * steps)
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warm_up else rate,
            max(steps - warm_up, 1),
            warmup_target=rate if warm_up else None,
            warmup_steps=warm_up,
        )
    return rate
