"""Batch-normalisation statistics that belong to the weights that are measured."""

from math import ceil

import keras
import numpy as np

from galopt.training.batches import Batches

SAMPLE = 2048
"""Views that the statistics are taken of. Wu & Johnson (2021), "Rethinking 'Batch' in BatchNorm",
section 3, find no difference above 1,000 to 10,000."""

STAMPS_AT_ONCE = 256


def refresh_statistics(model: keras.Model, batches: Batches) -> None:
    """Replace the moving statistics of batch normalisation by those of the present weights.

    A moving average with Keras' momentum of 0.99 trails the weights by hundreds of steps, so
    that a short training run is validated with statistics of networks long gone. The mean over the
    first `SAMPLE` views of the epoch replaces it: "precise BatchNorm", Wu & Johnson (2021),
    section 3.1. Training itself uses each batch's own statistics and does not notice. Frozen
    layers keep theirs; a network without batch normalisation is left alone.

    Parameters
    ----------
    model : keras.Model
        Its random layers draw as in training, so call it at a fixed point of the epoch.
    batches : Batches
        The training galaxies, in the order of the epoch.
    """
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    if not layers:
        return
    stamps = batches.store.take(0, min(SAMPLE, len(batches.order)))
    momenta = [layer.momentum for layer in layers]
    try:
        for done, part in enumerate(np.array_split(stamps, ceil(len(stamps) / STAMPS_AT_ONCE))):
            for layer in layers:
                layer.momentum = done / (done + 1)  # the moving average is then the plain mean
            model(part, training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
