"""Speed of prediction beside the bare network's, and what reading the images costs.

In one process, in images per second and milliseconds of processor per image: the bare network on
stamps in memory; the same through the model, as a table; the reading of files, straight and (of
pictures) by the 454 px JPEG that models of before version 0.3 were trained on; and `galopt
predict` from files, which reads on all cores while the network works. Processor time is that of
one thread of reading, and of all threads of the network, which holds on a busy machine, too.

    uv run python -m benchmarks.predict_speed my_galaxies
    uv run python -m benchmarks.predict_speed my_galaxies --overrides evaluate.rotations=8
    uv run python -m benchmarks.predict_speed --catalog positions.csv --mosaic field_drz.fits
"""

import argparse
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from galopt.compute.parallel import map_cores
from galopt.config import Config
from galopt.data.imaging.bands import GREY
from galopt.data.imaging.stamp_batch import StampBatch
from galopt.prediction.inputs import galaxies_in
from galopt.prediction.preprocess import read_chunk

SIDE, TARGETS, ROUNDS = 84, 5, 3

Way = Callable[[], Iterable[Any]]


def main() -> None:
    """Measure on some images, or on positions in mosaics."""
    from galopt.compute import hardware
    from galopt.config.load import build_config  # not above: reading processes need no Keras

    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("images", nargs="*")
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--mosaic", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--overrides", default="", help='"key=value …", any key of a run')
    given = parser.parse_args()
    config = build_config({}, given.overrides)
    chunks, images = [], 0
    for chunk in galaxies_in(given.images, given.catalog, given.mosaic, GREY):
        chunks.append(StampBatch(chunk.rows.head(given.count - images), chunk.tile))
        images += len(chunks[-1].rows)
        if images == given.count:
            break
    precision = hardware.precision(config.train.precision)
    print(f"{hardware.describe()}, {precision}; {images} images, best of {ROUNDS} rounds")
    print(f"{'':<24}{'images/s':>9}{'of bare':>9}{'ms of processor':>17}")
    bare = 0.0
    for name, (way, here) in _ways(config, chunks, precision).items():
        _measure(way)  # compiles
        seconds, work = np.min([_measure(way) for _ in range(ROUNDS)], axis=0)
        bare = bare or images / seconds
        spent = f"{1e3 * work / images:17.2f}" if here else ""
        print(f"{name:<24}{images / seconds:9.0f}{images / seconds / bare:9.0%}{spent}")


def _ways(config: Config, chunks: list[StampBatch], precision: str) -> dict[str, tuple[Way, bool]]:
    """Return what is measured, and whether all of it is done in this process."""
    from galopt.networks.augmentation import view_layer
    from galopt.networks.build import build_network
    from galopt.prediction.model import MorphologyModel
    from galopt.prediction.predict import BATCH, predict

    straight, detour = (
        partial(read_chunk, config=config.stamps.model_copy(update={"detour": d}), pixels=SIDE)
        for d in (False, True)
    )
    stamps = np.concatenate([straight(chunk)[0] for chunk in chunks])
    view = view_layer(config.network, config.augment, stamps, 0)
    network = build_network(config.network, TARGETS, SIDE, view, 0, precision)
    names = [f"target {number}" for number in range(TARGETS)]
    model = MorphologyModel([network], names, config.evaluate, config.stamps)
    batches = [stamps[start : start + BATCH] for start in range(0, len(stamps), BATCH)]
    return {
        "bare network": (lambda: map(network.predict_on_batch, batches), True),
        "the model, from memory": (lambda: map(model.table, batches), True),
        "reading, one thread": (lambda: map(straight, chunks), True),
        "the same by 454 px": (lambda: map(detour, chunks), True),
        "reading, all cores": (lambda: map_cores(straight, chunks, "Reading"), False),
        "galopt predict": (lambda: predict(model, chunks), False),
    }


def _measure(way: Way) -> tuple[float, float]:
    """Return the seconds and the processor seconds of a round."""
    started, worked = time.perf_counter(), time.process_time()
    for _ in way():
        pass
    return time.perf_counter() - started, time.process_time() - worked


if __name__ == "__main__":
    main()
