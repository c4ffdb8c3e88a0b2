"""One class per galaxy: what is learnt then, and what a mirror would destroy."""

import logging
import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from galopt.config import Config
from galopt.data.dataset import Dataset, Split

logger = logging.getLogger(__name__)

MIRRORED = {
    "clockwise": "anticlockwise",
    "counterclockwise": "clockwise",
    "cw": "acw",
    "ccw": "cw",
    "left": "right",
    "s": "z",
}
"""Words for a hand and for the other; of spirals, S and Z are the hands of Galaxy Zoo."""


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


def mirror_images(targets: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two classes whose names differ in a hand alone, or None."""
    for first, second in combinations(targets, 2):
        words = _words(first), _words(second)
        different = [pair for pair in zip(*words, strict=False) if pair[0] != pair[1]]
        if len(words[0]) == len(words[1]) and len(different) == 1:
            one, other = different[0]
            if MIRRORED.get(one) == other or MIRRORED.get(other) == one:
                return first, second
    return None


def warn_of_mirrors(config: Config, targets: Sequence[str]) -> None:
    """Say so where classes are each other's mirror image and views are mirrored."""
    switches = {
        "augment.flip=false": config.augment.flip,
        "evaluate.flip=false": config.evaluate.flip,
        "network.views=1": config.network.views > 1,
    }
    needed = [switch for switch, on in switches.items() if on]
    if needed and (pair := mirror_images(targets)):
        logger.warning(
            f"{pair[0]} and {pair[1]} are each other's mirror image, and views are mirrored, so "
            f"they cannot be told apart: set {' '.join(needed)}"
        )


def _words(name: str) -> list[str]:
    joined = re.sub(r"(anti|counter)[\W_]+(?=clockwise)", r"\1", name.lower())
    return [word for word in re.split(r"[\W_]+", joined) if word]
