"""When a training run is lost, its loss not finite or its output constant: which layer did it."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from galopt.config import Train
from galopt.errors import DivergedError
from galopt.training.batches import Batches


class NotFiniteError(Exception):
    """The loss after a step of an epoch is not finite, or the validation after its last.

    Attributes
    ----------
    step : int
        The batch, from 0.
    validation : bool
        Whether it is the validation.
    """

    def __init__(self, step: int, validation: bool = False) -> None:
        super().__init__(step, validation)
        self.step, self.validation = step, validation


def diverged(
    model: keras.Model, train: Train, batches: Batches, lost: NotFiniteError
) -> DivergedError:
    """Return the error that says where a training run failed.

    By the time that a loss is seen not to be finite, the step has spoilt every weight. So the
    epoch is repeated up to there, and each step looked at.

    Parameters
    ----------
    model : keras.Model
        Compiled, and as it was at the beginning of the epoch.
    train : config section
    batches : Batches
        Those of the epoch.
    lost : NotFiniteError
        When it was seen.
    """

    def error(step: int, reason: str) -> DivergedError:
        return DivergedError(
            f"the loss is not a number after step {step + 1} of {len(batches)} of epoch "
            f"{batches.epoch + 1}: {reason}"
        )

    remedy = f"lower train.learning_rate ({train.learning_rate:g}) or set train.clip_norm"
    for step in range(lost.step + 1):
        stamps, *known = batches[step]
        if not all(np.isfinite(values).all() for values in known):
            return error(step, "the votes of its galaxies are not finite")
        before = model.get_weights()
        model.reset_metrics()
        loss = model.train_on_batch(stamps, *known, return_dict=True)["loss"]
        spoilt = _spoilt_weight(model)
        if spoilt or not isfinite(loss):
            model.set_weights(before)
            overflow = None if isfinite(loss) else "the loss itself overflowed"
            reason = _overflow(model, stamps) or overflow or f"its gradient spoilt {spoilt}"
            return error(step, f"{reason}; {remedy}")
    if lost.validation:
        return DivergedError(
            f"the validation of epoch {batches.epoch + 1} is not a number, though the loss of "
            f"every step is: the network overflows on a validation galaxy; {remedy}"
        )
    return error(lost.step, f"it was finite when the epoch was repeated; {remedy}")


def _spoilt_weight(model: keras.Model) -> str | None:
    """Name the first weight, from the input, that is not finite."""
    for layer in model.layers:
        for weight in layer.weights:
            if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
                return f"the {weight.name} of {layer.name}"
    return None


def dead_layer(model: keras.Model, stamps: NDArray[np.uint8]) -> str | None:
    """Name the layer that hides the galaxies from those after it, if the answers do not differ.

    Rectifiers that were pushed below zero for every galaxy have no gradient and stay there: the
    dying ReLU of Lu et al. (2019), "Dying ReLU and Initialization".

    Parameters
    ----------
    model : keras.Model
    stamps : array, shape (N, S, S), uint8
        Of several galaxies.

    Returns
    -------
    str or None
        Its name, or None where galaxies get different fractions.
    """
    if _differ(keras.ops.convert_to_numpy(model(stamps, training=False))):
        return None
    alike = (name for name, output in _outputs(model, stamps) if not _differ(output))
    return next(alike, None)


def _differ(outputs: NDArray[Any]) -> bool:
    """Whether outputs differ between galaxies by more than rounding."""
    return bool(np.ptp(outputs, axis=0).max() > 1e-6 * np.abs(outputs).max())


def _overflow(model: keras.Model, stamps: NDArray[np.uint8]) -> str | None:
    """Name the first layer, from the input, that makes of stamps what is not finite."""
    for name, output in _outputs(model, stamps):
        if not np.isfinite(output).all():
            return f"the output of {name} is not finite"
    return None


def _outputs(
    model: keras.Model, stamps: NDArray[np.uint8]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield each layer's name and output, from the input on."""
    parts = model.layers[1:]
    outputs = keras.Model(model.input, [part.output for part in parts]).predict_on_batch(stamps)
    for layer, output in zip(parts, outputs, strict=True):
        yield layer.name, np.asarray(output, np.float32)
