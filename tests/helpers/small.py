"""A network that learns the blobs of `galaxies` in seconds."""

from typing import Any

from galopt.config import Config
from galopt.config.load import load_config

SMALL = {
    "network.convolutions": [
        {"filters": 16, "kernel": 5, "pool": 2, "init_std": 0.1},
        {"filters": 16, "kernel": 3, "pool": 4, "init_std": 0.1},
    ],
    "network.dense": [32],
    "network.dense_init_std": 0.05,
    "network.dropout": 0.1,
    "train.batch_size": 32,
    "train.epochs": 4,
    "train.precision": "float32",
}


def small(**more: Any) -> Config:
    """Return its configuration with some keys changed, `__` for a dot."""
    return load_config(
        "params.yaml", SMALL | {key.replace("__", "."): v for key, v in more.items()}
    )
