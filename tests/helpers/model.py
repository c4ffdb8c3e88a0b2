"""A logged model of an untrained network of the blobs' stamps."""

import keras
import mlflow

from galopt import tracking
from galopt.config import Evaluate, Stamps
from galopt.config.load import build_config
from galopt.data.dataset import Dataset
from galopt.networks.augmentation import View
from galopt.prediction.model import MorphologyModel


def network() -> keras.Model:
    """Return a network that takes stamps of 84 px and returns two fractions."""
    stamps = keras.Input((84, 84), dtype="uint8")
    view = View(45, 0.52, mean=0.2, std=0.2, name="view")(stamps)
    start = keras.initializers.RandomNormal(stddev=0.03, seed=1)
    seen = keras.layers.Flatten(name="features")(view)
    fractions = keras.layers.Dense(2, "sigmoid", kernel_initializer=start, name="fractions")(seen)
    return keras.Model(stamps, fractions)


def log_untrained(dataset: Dataset, store: str) -> str:
    """Log and register a model in a store, and return its URI."""
    mlflow.set_tracking_uri(store)
    with tracking.start_run(build_config({}), dataset):
        model = MorphologyModel([network()], dataset.targets, Evaluate(), Stamps())
        uri = tracking.log_model(model, dataset)
        tracking.register(uri, 0.1, dataset)
    return uri
