"""Parameters that were called otherwise before: old files and overrides are still read."""

import logging
import re
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger(__name__)

RENAMED = {
    r"augment\.copies": "augment.repeats",
    r"train\.thaw": "train.unfreeze",
    r"network\.dense_spread": "network.dense_init_std",
    r"network\.convolutions\.(\d+)\.spread": r"network.convolutions.\1.init_std",
}
"""Dotted keys of before version 0.2, as patterns, and today's."""


def current_key(key: str) -> str:
    """Return what a dotted key is called today, and say so if that has changed."""
    for old, new in RENAMED.items():
        if re.fullmatch(old, key):
            today = re.sub(old, new, key)
            logger.info("%s is called %s now", key, today)
            return today
    return key


def current_names(tree: Any, prefix: str = "") -> Any:
    """Return a tree of parameters, or of search space, with today's names in place of old ones.

    Examples
    --------
    >>> current_names({"augment": {"copies": 3}})
    {'augment': {'repeats': 3}}
    """
    if isinstance(tree, list):
        return [current_names(item, f"{prefix}{number}.") for number, item in enumerate(tree)]
    if not isinstance(tree, Mapping):
        return tree
    if prefix == "search.space.":
        return {current_key(str(key)): value for key, value in tree.items()}
    return {
        current_key(f"{prefix}{name}").rpartition(".")[2]: current_names(value, f"{prefix}{name}.")
        for name, value in tree.items()
    }
