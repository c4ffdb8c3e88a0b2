"""A first tracked run in minutes: a small simulated survey, and a network that learns it."""

from galopt.config.load import build_config
from galopt.data.open_or_make import load_dataset
from galopt.experiments.run import Run, run_experiment
from galopt.paths import CHECKPOINTS, DEMO

WORDS = "survey.simulate.galaxies=1000 network.preset=modern train.epochs=10 augment.repeats=1"
"""Few galaxies, each seen twice per epoch: 51 % of the way from the constant to the floor."""


def demo() -> Run:
    """Make the small survey if it is not there, then train, evaluate and log one network."""
    config = build_config({}, WORDS)
    return run_experiment(config, load_dataset(DEMO, config), CHECKPOINTS)
