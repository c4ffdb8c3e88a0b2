"""One class per galaxy: what is learnt then, and how much each galaxy counts."""

import numpy as np
from numpy.typing import NDArray

from galopt.config import Config
from galopt.data.dataset import Dataset, Split


def suit_labels(config: Config, dataset: Dataset) -> Config:
    """Return the configuration that learns what the labels of a dataset are.

    One class per galaxy is learnt by softmax and categorical cross-entropy (Goodfellow, Bengio &
    Courville 2016, "Deep Learning", section 6.2.2.3), whatever a preset made for votes says,
    unless `train.labels` is 'fractions' or the output is a decision tree.
    """
    if config.train.labels == "fractions" or config.network.tree or not dataset.one_class:
        return config
    network = config.network.model_copy(update={"output": "softmax"})
    train = config.train.model_copy(update={"loss": "categorical_crossentropy"})
    return config.model_copy(update={"network": network, "train": train})


def balancing_weights(split: Split) -> NDArray[np.float32]:
    """Return the weight of each galaxy, (N,), with which every class counts the same in the loss.

    N / (K n) in a class of n of the N galaxies, with K classes that occur: King & Zeng (2001),
    "Logistic regression in rare events data", section 4.2.
    """
    counts = split.fractions.sum(axis=0)
    weights = len(split) / ((counts > 0).sum() * np.maximum(counts, 1))
    return weights[split.fractions.argmax(axis=1)].astype(np.float32)
