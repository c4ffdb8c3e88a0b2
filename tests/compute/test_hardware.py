"""Several devices share a batch; what they cannot share equally is left out."""

import json
import os
import subprocess
import sys

import pytest
from helpers.project import PROJECT

TRAIN = """
import json, sys
from pathlib import Path
from galopt.compute import hardware
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.evaluation.evaluate import evaluate
from galopt.training.train import train
words, data, folder = sys.argv[1:]
data = dataset.load(Path(data))
with hardware.shared_batches() as devices:
    pass
result = train(load_config("params.yaml", words), data, Path(folder))
test = evaluate(result.model, data).metrics["test_rmse"]
images = [e["train_images_per_second"] * e["epoch_seconds"] for e in result.history]
print(json.dumps([devices, [e["val_rmse"] for e in result.history], test, images]))
"""
SMALL = (
    "network.convolutions=[{'filters':8,'kernel':5,'pool':2},{'filters':8,'kernel':3,'pool':4}] "
    "network.dense=[32] network.dense_init_std=null network.dropout=0.1 train.precision=float32 "
    "train.learning_rate=0.003 train.epochs=3 train.galaxies=67 augment.repeats=1 "
    "train.batch_size=32"
)


def train(data, folder, devices, words=SMALL):
    """Train on JAX with so many pretended devices."""
    flags = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.run(
        [sys.executable, "-c", TRAIN, words, str(data.folder), str(folder)],
        env=os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags, "PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


def test_four_devices_train_what_one_trains(blobs, tmp_path):
    pytest.importorskip("jax", reason="uv sync --extra jax")
    found = {}
    for devices in (1, 4):
        done = train(blobs, tmp_path / str(devices), devices)
        assert done.returncode == 0, done.stderr
        used, curve, test, images = json.loads(done.stdout.splitlines()[-1])
        assert used == devices
        assert images == pytest.approx([134 - 134 % devices] * 3)
        found[devices] = [*curve, test]
    assert found[4] == pytest.approx(found[1], rel=0.05)
    assert len(set(found[4][:3])) == 3


def test_a_batch_that_the_devices_cannot_share_is_refused(blobs, tmp_path):
    pytest.importorskip("jax", reason="uv sync --extra jax")
    done = train(blobs, tmp_path, 3)
    assert done.returncode != 0
    assert "train.batch_size=32: 3 devices share a batch" in done.stderr
