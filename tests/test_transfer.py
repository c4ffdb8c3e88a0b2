"""Starting from a trained network."""

import numpy as np
import pytest

from galopt import networks, params, training
from galopt.augment import View
from galopt.errors import ConfigError, DataError
from galopt.transfer import start_from

TINY = {
    "network.convolutions": [{"filters": 4, "kernel": 6, "pool": 4}],
    "network.dense": [8],
    "train.precision": "float32",
    "train.epochs": 1,
}


def build(seed: int, targets: int = 2, **overrides):
    """Return a tiny network with batch normalisation and a residual block."""
    extra = {"network.normalisation": "batch", "network.residual": [{"filters": 6}]}
    config = params.build(
        {}, TINY | extra | {k.replace("__", "."): v for k, v in overrides.items()}
    )
    view = View(45, 0.5, 3, name="view")
    return networks.build(config.network, targets, 84, view, seed)


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
    "other", [{"network__normalisation": "none"}, {"network__convolutions__0__filters": 5}]
)
def test_another_column_is_refused_and_nothing_is_changed(other):
    model = build(2)
    before = model.get_weights()
    with pytest.raises(ConfigError, match=r"no layer \w+ like this one's"):
        start_from(model, build(1, **other))
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_starts_from_a_file(blobs, tmp_path):
    first = training.train(params.load("params.yaml", TINY), blobs, tmp_path / "first").model
    first.save(tmp_path / "first.keras")
    words = TINY | {"train.init_from": str(tmp_path / "first.keras"), "train.learning_rate": 1e-9}
    second = training.train(params.load("params.yaml", words), blobs, tmp_path / "second").model
    np.testing.assert_allclose(
        second.get_layer("convolution_1").get_weights()[0],
        first.get_layer("convolution_1").get_weights()[0],
        atol=1e-6,
    )


def test_a_file_that_is_not_there_is_named(blobs, tmp_path):
    config = params.load("params.yaml", TINY | {"train.init_from": "absent.keras"})
    with pytest.raises(DataError, match="absent.keras"):
        training.train(config, blobs, tmp_path)
