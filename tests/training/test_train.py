"""Training: it learns, stops, resumes, and says what went wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.small import SMALL, small

from galopt.data.dataset import Split
from galopt.errors import DataError, GaloptError
from galopt.evaluation.evaluate import evaluate
from galopt.networks.build import load_model
from galopt.training.checkpoint import Checkpoint
from galopt.training.train import make_model, train


def test_a_network_learns_what_decides_the_votes(blobs, tmp_path):
    result = train(small(train__epochs=15, train__learning_rate=0.003), blobs, tmp_path)
    evaluation = evaluate(result.model, blobs)
    assert evaluation.metrics["test_rmse"] < 0.6 * evaluation.metrics["test_rmse_constant"]
    assert result.val_rmse == min(epoch["val_rmse"] for epoch in result.history)
    validation = blobs.split("validation")
    predicted = result.model.predict_on_batch(np.array(validation.images))
    assert np.sqrt(np.mean((predicted - validation.fractions) ** 2)) == pytest.approx(
        result.val_rmse, rel=1e-3
    )


@pytest.mark.long
def test_bfloat16_trains_to_the_same_error_within_noise(blobs, tmp_path):
    error = {}
    for precision in ("float32", "mixed_bfloat16"):
        config = small(train__epochs=15, train__learning_rate=0.003, train__precision=precision)
        result = train(config, blobs, tmp_path / precision)
        error[precision] = result.val_rmse
        assert result.precision == precision
    assert error["mixed_bfloat16"] == pytest.approx(error["float32"], rel=0.2)


def test_training_stops_when_patience_ends(blobs, tmp_path):
    config = small(train__epochs=50, train__patience=2, train__learning_rate=1e-9)
    history = train(config, blobs, tmp_path).history
    best = int(np.argmin([epoch["val_rmse"] for epoch in history]))
    assert len(history) == best + 3


FLOAT16 = {  # a processor multiplies half-precision numbers one by one
    "train__precision": "mixed_float16",
    "network__convolutions": [{"filters": 2, "kernel": 5, "pool": 4, "init_std": 0.1}],
    "network__dense": [8],
    "augment__repeats": 0,
}


@pytest.mark.parametrize("words", [{}, FLOAT16], ids=["float32", "mixed_float16"])
def test_an_interrupted_training_resumes_to_the_same_result(blobs, tmp_path, words):
    config = small(**words)
    unbroken = train(config, blobs, tmp_path / "unbroken").history

    def interrupt(epoch, values):
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, blobs, tmp_path / "broken", interrupt)
    seen = []
    resumed = train(config, blobs, tmp_path / "broken", lambda epoch, values: seen.append(epoch))
    assert seen == [0, 1, 2, 3]
    for name in ("train_rmse", "val_rmse"):
        np.testing.assert_allclose(
            [epoch[name] for epoch in resumed.history],
            [epoch[name] for epoch in unbroken],
            rtol=1e-3,
        )


RESUME = """
import json, sys
from pathlib import Path
from galopt.config.load import load_config
from galopt.data import dataset
from galopt.training.train import train

def interrupt(epoch, values):
    if epoch == 1:
        raise KeyboardInterrupt

config = load_config("params.yaml", json.loads(sys.argv[1]))
data, folder = dataset.load(sys.argv[2]), Path(sys.argv[3])
unbroken = train(config, data, folder / "unbroken").model
try:
    train(config, data, folder / "broken", interrupt)
except KeyboardInterrupt:
    resumed = train(config, data, folder / "broken").model
pairs = zip(unbroken.get_weights(), resumed.get_weights(), strict=True)
print("SAME" if all((a == b).all() for a, b in pairs) else "OTHER")
"""


@pytest.mark.long
def test_on_one_thread_a_deterministic_training_resumes_bit_for_bit(blobs, tmp_path):
    more = {
        "train.deterministic": True,
        "augment.brightness": 0.3,
        "network.normalisation": "batch",
    }
    overrides = json.dumps(SMALL | more)
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    done = subprocess.run(
        [sys.executable, "-c", RESUME, overrides, blobs.folder, tmp_path],
        env=os.environ | dict.fromkeys(threads, "1"),
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1:] == ["SAME"], done.stderr


def test_a_galaxy_without_votes_teaches_nothing(blobs, tmp_path, monkeypatch):
    """Wrong votes of galaxies that nobody judged change no weight."""
    weighed = small(train__epochs=1, train__weight_by_votes=True)
    counted = np.arange(len(blobs.split("train"))) % 2

    def learnt(wrong):
        def labelled(dataset, *args):
            split, validation = blobs.split("train"), blobs.split("validation")
            fractions = np.where(counted[:, None], split.fractions, wrong).astype(np.float32)
            catalog = split.catalog.assign(n_votes=4 * counted)
            return Split(split.images, fractions, catalog), validation

        monkeypatch.setattr("galopt.training.train.labelled", labelled)
        return train(weighed, blobs, tmp_path / str(wrong)).history[0]["val_rmse"]

    assert learnt(0.0) == pytest.approx(learnt(1.0), rel=1e-3)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_each_loss_learns_with_galaxies_weighted_by_votes(blobs, tmp_path, loss):
    config = small(
        train__epochs=8,
        train__learning_rate=0.003,
        train__loss=loss,
        train__weight_by_votes=True,
    )
    history = train(config, blobs, tmp_path).history
    assert history[-1]["val_rmse"] < history[0]["val_rmse"]


def test_a_finished_training_is_not_repeated(blobs, tmp_path):
    config = small(train__epochs=2)
    first = train(config, blobs, tmp_path)
    again = train(config, blobs, tmp_path)
    assert again.history == first.history


def test_checkpoints_of_another_configuration_are_left_alone(blobs, tmp_path):
    train(small(train__epochs=1), blobs, tmp_path)
    result = train(small(train__epochs=2, train__seed=5), blobs, tmp_path)
    assert len(result.history) == 2


def test_a_full_disk_says_what_to_do_and_loses_one_epoch(blobs, tmp_path, monkeypatch):
    save, saved = keras.Model.save, []

    def full(self, path, *args, **kwargs):
        saved.append(path)
        if len(saved) < 3:
            return save(self, path, *args, **kwargs)
        Path(path).write_bytes(b"PK")
        raise OSError(28, "No space left on device")

    config = small(train__epochs=4)
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", full)
        with pytest.raises(GaloptError, match="epoch 3 .*No space left.*training resumes"):
            train(config, blobs, tmp_path)
    assert not list(tmp_path.glob(".part-*"))
    seen = []
    train(config, blobs, tmp_path, lambda epoch, values: seen.append(epoch))
    assert seen == [0, 1, 2, 3]
    assert len(list(tmp_path.glob("*.keras"))) <= 3


def test_an_epoch_that_was_half_written_spoils_neither_the_last_nor_the_best(
    blobs, tmp_path, monkeypatch
):
    config = small(train__epochs=9)
    network = make_model(config, blobs, blobs.split("train"), "float32")
    saved = Checkpoint(tmp_path, config, blobs.info["hash"])
    for number, score in enumerate([0.3, 0.1, 0.2], 1):
        network.get_layer("fractions").bias.assign([number, number])
        saved.save(network, {"val_rmse": score})
    network.get_layer("fractions").bias.assign([9, 9])
    monkeypatch.setattr("galopt.training.checkpoint.write_json", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        saved.save(network, {"val_rmse": 0.01})
    again = Checkpoint(tmp_path, config, blobs.info["hash"])
    again.restore(network)
    assert [epoch["val_rmse"] for epoch in again.history] == [0.3, 0.1, 0.2]
    assert network.get_layer("fractions").get_weights()[1].tolist() == [3, 3]
    again.load_best(network)
    assert network.get_layer("fractions").get_weights()[1].tolist() == [2, 2]


def test_a_saved_network_predicts_the_same(blobs, tmp_path):
    model = train(small(train__epochs=1), blobs, tmp_path).model
    model.save(tmp_path / "model.keras")
    images = np.array(blobs.split("test").images)
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(images), model.predict_on_batch(images))


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK")
    for name in ("model.keras", "absent.keras"):
        with pytest.raises(DataError, match=name):
            load_model(tmp_path / name)
