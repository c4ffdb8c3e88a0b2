"""When the loss is no longer a number: at which step, and who is to blame."""

import keras
import numpy as np

from galopt.batches import Batches
from galopt.config import Train
from galopt.errors import DivergedError


def diverged(model: keras.Model, train: Train, batches: Batches, step: int) -> DivergedError:
    """Return the error that says where a training lost its way.

    Parameters
    ----------
    model : keras.Model
        As the step left it.
    train : config section
    batches : Batches
        Those of the epoch.
    step : int
        Batch, from 0, after which the loss was not finite.
    """
    return DivergedError(
        f"the loss is not a number after step {step + 1} of {len(batches)} of epoch "
        f"{batches.epoch + 1}: {culprit(model, batches[step][0])}; lower train.learning_rate "
        f"({train.learning_rate:g}) or set train.clip_norm"
    )


def culprit(model: keras.Model, stamps: np.ndarray) -> str:
    """Name the first part of a network, from its input, that is not finite.

    Parameters
    ----------
    model : keras.Model
    stamps : array, shape (B, S, S), uint8
        A batch it stumbled over.
    """
    for layer in model.layers:
        for weight in layer.weights:
            if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
                return f"the {weight.name} of {layer.name} is not finite"
    parts = model.layers[1:]
    outputs = keras.Model(model.input, [part.output for part in parts]).predict_on_batch(stamps)
    for layer, output in zip(parts, outputs, strict=True):
        if not np.isfinite(np.asarray(output, np.float32)).all():
            return f"the output of {layer.name} is not finite"
    return "its weights and outputs are finite, so the loss itself overflowed"
