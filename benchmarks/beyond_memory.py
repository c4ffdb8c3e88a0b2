"""Training from a dataset on disk beside training from memory: speed, memory, what is learnt.

For each way a process of its own reads all batches of an epoch of so many stamps of noise, then
trains `--steps` batches of the network of `params.yaml`. Images are counted per second of
processor, which a busy machine changes little; memory is the largest that the process had of its
own and of mapped files, above what Python and TensorFlow take before. With `--dataset` both ways
then train a small network on a real one, from disk in groups of a sixth of it.

    uv run python -m benchmarks.beyond_memory 200000
    uv run python -m benchmarks.beyond_memory 20000 --dataset data/dataset --seeds 6
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.data.integrity import array_header

SIDE, TARGETS, BATCH = 84, 5, 128
SMALL = {
    "network.convolutions": [
        {"filters": 16, "kernel": 5, "pool": 2, "init_std": 0.1},
        {"filters": 16, "kernel": 3, "pool": 4, "init_std": 0.1},
    ],
    "network.dense": [32],
    "network.dense_init_std": 0.05,
    "network.dropout": 0.1,
    "augment.repeats": 0,
    "train.batch_size": 64,
    "train.learning_rate": 0.002,
    "train.precision": "float32",
}
WAYS = ["memory", "disk"]


def main() -> None:
    """Measure both ways, each in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("stamps", type=int)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--dataset", type=Path, help="train on it, too, and compare the RMSE")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        _read_and_train(options.file, options.way == "disk", options.steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.npy"
        _write(file, options.stamps)
        print(f"{options.stamps:,} stamps, {file.stat().st_size / 2**30:.2f} GiB")
        print("   from  read images/s  trained images/s  own GiB  mapped GiB")
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.beyond_memory", str(options.stamps)]
            command += ["--way", way, "--file", str(file), "--steps", str(options.steps)]
            subprocess.run(command, check=True)
    if options.dataset:
        _compare(options.dataset, options.seeds, options.epochs)


def _write(file: Path, stamps: int) -> None:
    rng = np.random.default_rng(0)
    with file.open("wb") as stream:
        stream.write(array_header((stamps, SIDE, SIDE, 1)))
        for start in range(0, stamps, 1000):
            shape = (min(1000, stamps - start), SIDE, SIDE, 1)
            stream.write(rng.integers(0, 256, shape, np.uint8).tobytes())


def _read_and_train(file: Path, on_disk: bool, steps: int) -> None:
    from galopt.config.load import load_config
    from galopt.data.dataset import Split, open_images
    from galopt.networks.augmentation import view_layer
    from galopt.networks.build import build_network
    from galopt.training.batches import Batches
    from galopt.training.optimizers import make_optimizer

    config = load_config(Path("params.yaml"), {})
    images = open_images(file)
    votes = np.random.default_rng(0).uniform(size=(len(images), TARGETS)).astype(np.float32)
    view = view_layer(config.network, config.augment, np.array(images[:1000]), 0)
    model = build_network(config.network, TARGETS, SIDE, view, 0, "float32")
    model.compile(make_optimizer(config.train, 1000), loss=config.train.loss)
    model.train_on_batch(np.array(images[:BATCH]), votes[:BATCH])  # compiles
    with _Memory() as memory:
        split = Split(images, votes, pd.DataFrame())
        batches = Batches(split, BATCH, repeats=0, seed=0, on_disk=on_disk)
        read, started = 0, time.process_time()
        for number in range(len(batches)):
            read += len(batches[number][0])
        reading = read / (time.process_time() - started)
        batches.start(1)
        batches.order = batches.order[: steps * BATCH]
        started = time.process_time()
        model.fit(batches, shuffle=False, verbose=0)
        training = steps * BATCH / (time.process_time() - started)
    own, mapped = memory.most
    name = WAYS[on_disk]
    print(f"{name:>7}{reading:15,.0f}{training:18,.0f}{own:9.2f}{mapped:12.2f}", flush=True)


class _Memory:
    """The largest memory of this process in a block, own and mapped, GiB above the start."""

    def __enter__(self) -> "_Memory":
        self.start, self.most = self._now(), np.zeros(2)
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.watcher.join()

    def _watch(self) -> None:
        while not self.ended.wait(0.02):
            self.most = np.maximum(self.most, self._now() - self.start)

    @staticmethod
    def _now() -> np.ndarray:
        lines = Path("/proc/self/status").read_text().splitlines()
        kib = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
        return np.array([int(kib["RssAnon"]), int(kib["RssFile"])]) / 2**20


def _compare(folder: Path, seeds: int, epochs: int) -> None:
    """Train on a dataset from memory and from disk."""
    from galopt.config.load import load_config
    from galopt.data.dataset import load
    from galopt.training import stamp_store
    from galopt.training.train import train

    dataset = load(folder)
    stamp_store.GROUP_BYTES = dataset.split("train").images.nbytes // 6
    print("seed  RMSE of validation after the last epoch: " + ", ".join(WAYS))
    for seed in range(seeds):
        errors = []
        for share in (1e9, 0.0):
            stamp_store.SHARE = share
            words = SMALL | {"train.seed": seed, "train.epochs": epochs}
            config = load_config(Path("params.yaml"), words)
            with tempfile.TemporaryDirectory() as out:
                errors.append(train(config, dataset, Path(out)).history[-1]["val_rmse"])
        print(f"{seed:4}  " + ", ".join(f"{error:.4f}" for error in errors), flush=True)


if __name__ == "__main__":
    main()
