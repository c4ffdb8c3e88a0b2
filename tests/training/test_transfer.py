"""Starting from a trained network."""

from zipfile import ZipFile

import keras
import numpy as np
import pytest

from galopt.config.load import build_config, load_config
from galopt.errors import ConfigError, DataError
from galopt.networks.augmentation import View
from galopt.networks.build import build_network
from galopt.tracking.models import starting_network
from galopt.training.train import train
from galopt.training.transfer import start_from

TINY = {
    "network.convolutions": [{"filters": 4, "kernel": 6, "pool": 4}],
    "network.dense": [8],
    "train.precision": "float32",
    "train.epochs": 1,
}


def build(seed: int, targets: int = 2, **overrides):
    """Return a tiny network with batch normalisation and a residual block."""
    extra = {"network.normalisation": "batch", "network.residual": [{"filters": 6}]}
    config = build_config(
        {}, TINY | extra | {k.replace("__", "."): v for k, v in overrides.items()}
    )
    view = View(45, 0.5, 3, name="view")
    return build_network(config.network, targets, 84, view, seed)


def test_the_column_is_kept_and_the_head_is_new():
    trained, model = build(1, targets=5), build(2, targets=2)
    head = model.get_layer("dense_1").get_weights()
    start_from(model, trained)
    for name in ("convolution_1", "block_1_a", "block_1_width", "normalisation_last"):
        for ours, theirs in zip(
            model.get_layer(name).get_weights(), trained.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.get_layer("dense_1").get_weights()[0], head[0])


@pytest.mark.parametrize(
    "other",
    [
        {"network__normalisation": "none"},
        {"network__convolutions__0__filters": 5},
        {"network__convolutions__0__pool": 3},
        {"network__residual": [{"filters": 6, "depth": 2}]},
    ],
)
def test_another_column_is_refused_and_nothing_is_changed(other):
    model = build(2)
    before = model.get_weights()
    with pytest.raises(ConfigError, match="the trained network has .* where this one has "):
        start_from(model, build(1, **other))
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def first(blobs, tmp_path_factory):
    """Return the file of a trained network."""
    folder = tmp_path_factory.mktemp("first")
    model = train(load_config("params.yaml", TINY), blobs, folder).model
    model.save(folder / "first.keras")
    return folder / "first.keras"


def train_from(reference, blobs, folder, **words):
    """Train two epochs from a trained network; return both networks' first filters."""
    config = load_config(
        "params.yaml", TINY | {"train.epochs": 2, "train.init_from": str(reference)} | words
    )
    start = starting_network(config.train.init_from)
    model = train(config, blobs, folder, start=start).model
    return [m.get_layer("convolution_1").get_weights()[0] for m in (start, model)]


def test_a_run_starts_from_a_file(first, blobs, tmp_path):
    theirs, ours = train_from(first, blobs, tmp_path, **{"train.learning_rate": 1e-9})
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_frozen_backbone_rests_and_an_unfrozen_one_learns(first, blobs, tmp_path):
    theirs, ours = train_from(first, blobs, tmp_path / "frozen", **{"train.unfreeze": 2})
    np.testing.assert_array_equal(ours, theirs)
    theirs, ours = train_from(first, blobs, tmp_path / "unfrozen", **{"train.unfreeze": 1})
    assert np.abs(ours - theirs).max() > 0


@pytest.mark.long
def test_an_unfreezing_training_that_was_stopped_goes_on_as_if_unbroken(first, blobs, tmp_path):
    class Stopped(Exception):
        pass

    def stop(epoch, values):
        if epoch == stop_at:
            raise Stopped

    words = TINY | {"train.epochs": 3, "train.unfreeze": 2, "train.init_from": str(first)}
    config = load_config("params.yaml", words | {"train.deterministic": True})
    start = starting_network(config.train.init_from)
    whole = train(config, blobs, tmp_path / "whole", start=start)
    for stop_at in (0, 1):  # inside the frozen phase, and at its end
        with pytest.raises(Stopped):
            train(config, blobs, tmp_path / f"{stop_at}", stop, start)
        resumed = train(config, blobs, tmp_path / f"{stop_at}", start=start)
        assert [epoch["val_rmse"] for epoch in resumed.history] == pytest.approx(
            [epoch["val_rmse"] for epoch in whole.history], abs=1e-5
        )


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"absent\.keras"):
        starting_network("absent.keras")


def test_a_network_of_somebody_else_is_refused(tmp_path):
    x = keras.Input((84, 84))
    other = keras.Model(x, keras.layers.Dense(2, name="fractions")(keras.layers.Flatten()(x)))
    other.save(tmp_path / "other.keras")
    with ZipFile(tmp_path / "empty.keras", "w"):
        pass
    for name in ("other", "empty"):
        with pytest.raises(DataError, match=rf"{name}\.keras: not a trained network"):
            starting_network(f"{tmp_path}/{name}.keras")


def test_patience_begins_where_the_backbone_unfreezes(first, blobs, tmp_path):
    words = TINY | {"train.epochs": 9, "train.patience": 2, "train.learning_rate": 1e-9}
    config = load_config(
        "params.yaml", words | {"train.unfreeze": 5, "train.init_from": str(first)}
    )
    start = starting_network(config.train.init_from)
    history = train(config, blobs, tmp_path, start=start).history
    best = int(np.argmin([epoch["val_rmse"] for epoch in history]))
    assert len(history) == min(max(best, 5) + 3, 9)


def test_nothing_unfreezes_without_a_network_to_start_from():
    with pytest.raises(
        ConfigError, match=r"train.unfreeze=3.*nothing to unfreeze without train.init_from"
    ):
        load_config("params.yaml", "train.unfreeze=3")
