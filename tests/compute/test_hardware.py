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
import keras
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.errors import ConfigError
from galopt.evaluation.evaluate import evaluate
from galopt.training.train import train
words, data, folder = sys.argv[1:]
config, data = load_config("params.yaml", words), dataset.load(Path(data))
devices = keras.distribution.list_devices()
found = {}
for count in (1, 3, 4):
    keras.distribution.list_devices = lambda: devices[:count]
    try:
        result = train(config, data, Path(folder) / str(count))
    except ConfigError as error:
        found[count] = str(error)
        continue
    test = evaluate(result.model, data).metrics["test_rmse"]
    images = [e["train_images_per_second"] * e["epoch_seconds"] for e in result.history]
    found[count] = [[e["val_rmse"] for e in result.history], test, images]
print(json.dumps(found))
"""
SMALL = (
    "network.convolutions=[{'filters':8,'kernel':5,'pool':2},{'filters':8,'kernel':3,'pool':4}] "
    "network.dense=[32] network.dense_init_std=null network.dropout=0.1 train.precision=float32 "
    "train.learning_rate=0.003 train.epochs=3 train.galaxies=67 augment.repeats=1 "
    "train.batch_size=32"
)


@pytest.fixture
def trained(blobs, tmp_path) -> dict:
    """Return what training on JAX gives with 1, 3 and 4 of four pretended devices."""
    pytest.importorskip("jax", reason="uv sync --extra jax")
    flags = "--xla_force_host_platform_device_count=4"
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, SMALL, blobs.folder, tmp_path],
        env=os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags, "PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
def test_four_devices_train_what_one_trains(trained):
    found = {}
    for devices in (1, 4):
        curve, test, images = trained[str(devices)]
        assert images == pytest.approx([134 - 134 % devices] * 3)
        found[devices] = [*curve, test]
    assert found[4] == pytest.approx(found[1], rel=0.05)
    assert len(set(found[4][:3])) == 3
    assert "train.batch_size=32: 3 devices share a batch" in trained["3"]
