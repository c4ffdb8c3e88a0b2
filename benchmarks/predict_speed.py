"""Speed of prediction beside the bare network's, and what reading the images costs.

Four rates in one process, in images per second: the bare network on stamps in memory; the same
through the model that is logged and served; the reading of image files alone, on all cores;
and `galopt predict` from files, which reads while the network works.

    uv run python -m benchmarks.predict_speed my_galaxies 1000
    uv run python -m benchmarks.predict_speed my_galaxies 1000 evaluate.rotations=8
"""

import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from galopt.compute.parallel import map_cores
from galopt.data.imaging.image_files import find_files
from galopt.prediction.inputs import stamps_in
from galopt.prediction.preprocess import read_chunk

SIDE, TARGETS, ROUNDS = 84, 5, 2


def main() -> None:
    """Measure on the images of a folder: how many, and overrides, may follow."""
    from galopt.compute import hardware
    from galopt.config.load import (
        build_config,
        change_config,  # not above: reading processes need no Keras
    )
    from galopt.networks.augmentation import view_layer
    from galopt.networks.build import build_network
    from galopt.prediction.model import MorphologyModel
    from galopt.prediction.predict import BATCH, predict

    folder, count, overrides = sys.argv[1], int(sys.argv[2]), " ".join(sys.argv[3:])
    config = change_config(build_config({}), overrides)
    chunks = stamps_in(find_files([folder])[:count])
    read = partial(read_chunk, config=config.stamps, pixels=SIDE)
    stamps = np.concatenate([made for made, *_ in map_cores(read, chunks, "Reading")])
    view = view_layer(config.network, config.augment, stamps, 0)
    precision = hardware.precision(config.train.precision)
    network = build_network(config.network, TARGETS, SIDE, view, 0, precision)
    names = [f"target {number}" for number in range(TARGETS)]
    model = MorphologyModel([network], names, config.evaluate, config.stamps)
    batches = [stamps[start : start + BATCH] for start in range(0, len(stamps), BATCH)]
    ways: dict[str, Callable[[], Iterable[Any]]] = {
        "bare network": lambda: map(network.predict_on_batch, batches),
        "the model, from memory": lambda: map(model.fractions, batches),
        "reading files": lambda: map_cores(read, chunks, "Reading"),
        "galopt predict": lambda: predict(model, chunks),
    }
    rates = {
        name: [_rate(way, len(stamps)) for _ in range(1 + ROUNDS)] for name, way in ways.items()
    }
    print(f"{hardware.describe()}, {precision}; {len(stamps)} images, images/s, best of {ROUNDS}")
    bare = max(rates["bare network"][1:])  # the first round compiles
    for name, found in rates.items():
        best = max(found[1:])
        print(f"{name:<24}{best:8.0f}{best / bare:8.0%}")


def _rate(way: Callable[[], Iterable[Any]], images: int) -> float:
    started = time.perf_counter()
    for _ in way():
        pass
    return images / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
