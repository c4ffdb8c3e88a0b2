"""Validation after few steps: batch-normalisation statistics belong to the weights."""

import keras
import numpy as np
import pytest
from helpers.small import small

from galopt.metrics import rmse
from galopt.networks.inference import predict
from galopt.training.batchnorm_statistics import refresh_statistics
from galopt.training.train import _batches, make_model, train

BATCH = {"network__normalisation": "batch", "train__learning_rate": 0.003}


def normalisations(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def with_fresh_statistics(model, images):
    """Give each layer the moments of what reaches it, from the first layer to the last."""
    for layer in normalisations(model):
        seen = np.array(keras.Model(model.input, layer.input)(images), float)
        layer.moving_mean.assign(seen.mean(axis=(0, 1, 2)))
        layer.moving_variance.assign(seen.var(axis=(0, 1, 2)))


def test_after_twenty_steps_validation_is_that_of_fresh_statistics(blobs, tmp_path):
    config = small(**BATCH, train__epochs=1)  # 160 galaxies, four times, 32 a batch: 20 steps
    result = train(config, blobs, tmp_path)
    assert len(_batches(config, blobs.split("train"), 1)) == 20
    validation = blobs.split("validation")
    with_fresh_statistics(result.model, np.array(blobs.split("train").images))
    fresh = rmse(validation.fractions, predict(result.model, validation.images))
    assert result.val_rmse == pytest.approx(fresh, abs=0.02)


def test_keras_own_statistics_would_have_failed_that(blobs, tmp_path, monkeypatch):
    monkeypatch.setattr("galopt.training.callback.refresh_statistics", lambda *_: None)
    result = train(small(**BATCH, train__epochs=1), blobs, tmp_path)
    validation = blobs.split("validation")
    with_fresh_statistics(result.model, np.array(blobs.split("train").images))
    fresh = rmse(validation.fractions, predict(result.model, validation.images))
    assert abs(result.val_rmse - fresh) > 0.025


def test_statistics_do_not_depend_on_what_they_were_and_momentum_stays(blobs):
    config = small(
        **BATCH, augment__rotation=0, augment__shift=0, augment__zoom=1, augment__flip=False
    )
    train_split = blobs.split("train")
    model = make_model(config, blobs, train_split, "float32")
    batches = _batches(config, train_split, 1)
    refresh_statistics(model, batches)
    (layer, *_), first = normalisations(model), model.get_weights()
    layer.moving_mean.assign(layer.moving_mean + 5)
    refresh_statistics(model, batches)
    for once, again in zip(first, model.get_weights(), strict=True):
        np.testing.assert_allclose(again, once, atol=1e-5)
    assert layer.momentum == 0.99


def test_frozen_statistics_and_networks_without_any_stay_as_they_are(blobs):
    train_split = blobs.split("train")
    for config in (small(**BATCH), small()):
        model = make_model(config, blobs, train_split, "float32")
        for layer in normalisations(model):
            layer.trainable = False
        before = model.get_weights()
        refresh_statistics(model, _batches(config, train_split, 1))
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)
