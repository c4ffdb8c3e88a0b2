"""Processor time to train the paper's network on an image: galopt, and what one would use instead.

Each way has a process of its own, the same stamps, network and batches, and the augmentation that
its users would take; they take turns, round by round, so that a noisy machine treats all alike.
The median round counts. PyTorch is measured where it is installed.

    uv run --extra jax --extra torch python -m benchmarks.alternatives
    uv run --extra jax --extra torch python -m benchmarks.alternatives --precision float32
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from galopt.compute import hardware

SIDE, PIXELS, TARGETS, BATCH, STEPS, ROUNDS = 84, 45, 5, 128, 8, 3
FIELD = 0.52
"""Side of what the network sees, sides of the stamp."""

Epoch = Callable[[], object]


def main() -> None:
    """Measure all ways in turn."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--precision", default="mixed_bfloat16", help="a Keras dtype policy")
    precision = parser.parse_args().precision
    here = [name for name in WAYS if importlib.util.find_spec("torch") or "PyTorch" not in name]
    ways = {name: _start(name, precision) for name in here}
    for process in ways.values():
        _milliseconds(process)  # the first round compiles
    rounds = [[_milliseconds(process) for process in ways.values()] for _ in range(ROUNDS)]
    print(f"{hardware.describe()}, {precision}, but float32 on JAX, which emulates the other")
    for name, (spent, passed) in zip(ways, np.median(rounds, axis=0), strict=True):
        print(f"{spent:6.2f} ms of processor an image, {1e3 / passed:6.0f} images/s  {name}")


def _start(name: str, precision: str) -> subprocess.Popen[str]:
    """Start the process of one way, which trains for a round whenever a line is written to it."""
    jax = name == "galopt on JAX"
    precision = "float32" if jax else precision
    code = f"from benchmarks import alternatives as a; a.serve({name!r}, {precision!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": "jax" if jax else "tensorflow"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _milliseconds(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Let a process train for a round; return processor and clock time an image, ms."""
    assert process.stdin
    assert process.stdout
    if process.poll() is None:
        process.stdin.write("go\n")
        process.stdin.flush()
    spent, passed = process.stdout.readline().split() or (np.nan, np.nan)  # it could not
    return float(spent), float(passed)


def serve(name: str, precision: str) -> None:
    """Train for a round at each line of standard input, and print what an image took."""
    epoch = WAYS[name](precision)
    for _ in sys.stdin:
        spent, passed = time.process_time(), time.perf_counter()
        epoch()
        times = time.process_time() - spent, time.perf_counter() - passed
        print(*(1e3 * seconds / (STEPS * BATCH) for seconds in times), flush=True)


def stamps() -> tuple[np.ndarray, np.ndarray]:
    """Return stamps, (N, S, S, 1) uint8, and fractions, (N, T), the same for all ways."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (STEPS * BATCH, SIDE, SIDE, 1)).astype(np.uint8)
    return images, rng.uniform(size=(len(images), TARGETS)).astype(np.float32)


def _galopt(precision: str) -> Epoch:
    """Return an epoch as galopt trains: random views of its own, made in the step."""
    import pandas as pd

    from galopt.config import Train
    from galopt.data.dataset import Split
    from galopt.training.batches import Batches
    from galopt.training.optimizers import make_optimizer

    images, votes = stamps()
    model = _network(images, precision)
    model.compile(make_optimizer(Train(), STEPS), loss="mse")
    batches = Batches(Split(images, votes, pd.DataFrame()), BATCH, repeats=0, seed=0)
    return lambda: model.fit(batches, shuffle=False, verbose=0)


def _plain_keras(precision: str) -> Epoch:
    """Return an epoch on ready views, without augmentation."""
    import keras

    images, votes = stamps()
    whole = _network(images, precision)
    parts = np.split(images, STEPS)
    ready = np.concatenate([keras.ops.convert_to_numpy(whole.get_layer("view")(p)) for p in parts])
    model = keras.Model(whole.get_layer("view").output, whole.output)
    model.compile(keras.optimizers.Adam(), loss="mse")
    return lambda: model.fit(ready, votes, batch_size=BATCH, verbose=0)


def _keras_layers(precision: str) -> Epoch:
    """Return an epoch with the preprocessing layers of Keras in front of the network."""
    import keras
    from keras import layers

    images, votes = stamps()
    whole = _network(images, precision)
    before = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.5),
            layers.RandomTranslation(0.02, 0.02),
            layers.RandomZoom(0.25),
            layers.CenterCrop(round(FIELD * SIDE), round(FIELD * SIDE)),
            layers.Resizing(PIXELS, PIXELS),
            layers.Rescaling(1 / 255),
        ]
    )
    given = keras.Input((SIDE, SIDE, 1))
    body = keras.Model(whole.get_layer("view").output, whole.output)
    channels = body.input.shape[-1]
    model = keras.Model(given, body(keras.ops.repeat(before(given), channels, axis=-1)))
    model.compile(keras.optimizers.Adam(), loss="mse")
    return lambda: model.fit(images, votes, batch_size=BATCH, verbose=0)


def _network(images: np.ndarray, precision: str) -> Any:
    from galopt.config.load import build_config
    from galopt.networks.augmentation import view_layer
    from galopt.networks.build import build_network

    config = build_config({})
    view = view_layer(config.network, config.augment, images, 0)
    return build_network(config.network, TARGETS, SIDE, view, 0, precision)


def _torch(precision: str, compiled: bool = False) -> Epoch:
    """Return an epoch of the same layers in PyTorch: channels last, views by affine grids."""
    import torch
    from torch import nn
    from torch.nn import functional

    images, votes = stamps()
    given = torch.from_numpy(images).permute(0, 3, 1, 2)
    wanted = torch.from_numpy(votes)
    model = _torch_network(nn).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    model = torch.compile(model) if compiled else model

    def views(batch: Any) -> Any:
        angle = 2 * torch.pi * torch.rand(BATCH)
        scale = FIELD * torch.exp(torch.empty(BATCH).uniform_(-0.26, 0.26))
        mirror = torch.where(torch.rand(BATCH) < 0.5, -1.0, 1.0)
        cos, sin, move = angle.cos() * scale, angle.sin() * scale, torch.rand(BATCH, 2) * 0.04
        rows = [torch.stack([cos * mirror, -sin, move[:, 0]], 1)]
        rows.append(torch.stack([sin * mirror, cos, move[:, 1]], 1))
        grid = functional.affine_grid(
            torch.stack(rows, 1), [BATCH, 1, PIXELS, PIXELS], align_corners=False
        )
        seen = functional.grid_sample(batch.float() / 255, grid, align_corners=False)
        return seen.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)

    def epoch() -> None:
        for rows in torch.randperm(len(given)).split(BATCH):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=precision != "float32"):
                predicted = model(views(given[rows]))
            functional.mse_loss(predicted.float().sigmoid(), wanted[rows]).backward()
            optimizer.step()

    return epoch


def _compiled_torch(precision: str) -> Epoch:
    return _torch(precision, compiled=True)


def _torch_network(nn: Any) -> Any:
    from galopt.config.load import build_config

    network = build_config({}).network
    layers, channels, side = [], 3, PIXELS
    for each in network.convolutions:
        layers += [nn.Conv2d(channels, each.filters, each.kernel), nn.ReLU()]
        side -= each.kernel - 1
        if each.pool > 1:
            layers.append(nn.MaxPool2d(each.pool))
            side //= each.pool
        channels = each.filters
    layers.append(nn.Flatten())
    features = channels * side**2
    for units in network.dense:
        layers += [nn.Dropout(network.dropout), nn.Linear(features, units), nn.ReLU()]
        features = units
    return nn.Sequential(*layers, nn.Dropout(network.dropout), nn.Linear(features, TARGETS))


WAYS: dict[str, Callable[[str], Epoch]] = {
    "galopt": _galopt,
    "Keras, without augmentation": _plain_keras,
    "Keras, its preprocessing layers": _keras_layers,
    "PyTorch, affine grids": _torch,
    "PyTorch, affine grids, compiled": _compiled_torch,
    "galopt on JAX": _galopt,
}


if __name__ == "__main__":
    main()
