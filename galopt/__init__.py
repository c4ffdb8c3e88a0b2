"""Galaxy morphologies by deep learning: a rebuild of Ignat et al. (2016).

Galaxies flow one way through five stages (survey, stamps, rescale, train, evaluate), each the
same code whether DVC, MLflow, a search, a notebook or a test calls it. What a script or a
notebook needs is here; nothing heavy is loaded before it is used.

>>> import galopt
>>> galopt.load_config(overrides="train.epochs=5").train.epochs
5
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from galopt.compute.versions import VERSION

if TYPE_CHECKING:
    from galopt.config.load import load_config
    from galopt.data.open_or_make import load_dataset
    from galopt.experiments.evaluate_and_compare import compare, evaluate
    from galopt.experiments.run import run_experiment as train
    from galopt.tracking.models import open_model

# TensorFlow prints a page about absent GPUs unless it is told before its import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = VERSION
__all__ = ["compare", "evaluate", "load_config", "load_dataset", "open_model", "train"]

_HOMES = {
    "compare": "galopt.experiments.evaluate_and_compare:compare",
    "evaluate": "galopt.experiments.evaluate_and_compare:evaluate",
    "load_config": "galopt.config.load:load_config",
    "load_dataset": "galopt.data.open_or_make:load_dataset",
    "open_model": "galopt.tracking.models:open_model",
    "train": "galopt.experiments.run:run_experiment",
}


def __getattr__(name: str) -> Any:
    """Import a public function where it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'galopt' has no attribute {name!r}")
    module, _, function = _HOMES[name].partition(":")
    return getattr(import_module(module), function)


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
