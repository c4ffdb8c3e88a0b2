"""A loss that is no longer a number: the step, and who is to blame."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from helpers.small import small

from galopt.config import Train
from galopt.errors import DivergedError, GaloptError
from galopt.training.batches import Batches, InOrder
from galopt.training.divergence_cause import NotFiniteError, diverged
from galopt.training.train import make_model, train


@pytest.mark.backend
def test_votes_that_are_no_number_are_to_blame_at_their_step(blobs, tmp_path, monkeypatch):
    whole = Batches.__getitem__

    def spoilt(self, index):
        images, fractions = whole(self, index)
        return images, fractions * (np.nan if (self.epoch, index) == (1, 2) else 1)

    monkeypatch.setattr(Batches, "__getitem__", spoilt)
    with pytest.raises(
        GaloptError, match=r"after step 3 of \d+ of epoch 2: the votes of its galaxies"
    ):
        train(small(), blobs, tmp_path)


def test_the_layer_that_overflows_is_to_blame_and_nothing_is_saved(blobs, tmp_path, monkeypatch):
    sound = make_model

    def absurd(*args):
        model = sound(*args)
        kernel, bias = model.get_layer("dense_1").get_weights()
        model.get_layer("dense_1").set_weights([np.full_like(kernel, 3e38), bias])
        return model

    monkeypatch.setattr("galopt.training.train.make_model", absurd)
    with pytest.raises(DivergedError, match=r"step 1 of .* epoch 1: the output of dense_1"):
        train(small(), blobs, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_validation_that_is_no_number_stops_the_run_and_nothing_is_saved(
    blobs, tmp_path, monkeypatch
):
    def spoilt(split, *rest):
        return InOrder(replace(split, fractions=split.fractions * np.nan), *rest)

    monkeypatch.setattr("galopt.training.train.InOrder", spoilt)
    with pytest.raises(DivergedError, match=r"validation of epoch 1 .* overflows on a validation"):
        train(small(), blobs, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_layer_that_responds_to_no_galaxy_is_named_once(blobs, tmp_path, monkeypatch, caplog):
    sound = make_model

    def silent(*args):
        model = sound(*args)
        kernel, bias = model.get_layer("convolution_2").get_weights()
        model.get_layer("convolution_2").set_weights([kernel, bias - 1e3])
        return model

    monkeypatch.setattr("galopt.training.train.make_model", silent)
    train(small(train__epochs=2), blobs, tmp_path)
    printed = caplog.text
    assert printed.count("the same fractions, for convolution_2 responds to none") == 1


def test_galaxies_that_reach_the_output_are_no_matter_of_a_warning(blobs, tmp_path, caplog):
    train(small(train__epochs=2), blobs, tmp_path)
    assert "the same fractions" not in caplog.text


class Steps(list):
    """Batches of a first epoch."""

    epoch = 0


def line(rate: float) -> keras.Model:
    """Return a straight line that is fitted with steps as long as `rate`."""
    x = keras.Input((1,))
    model = keras.Model(x, keras.layers.Dense(1, kernel_initializer="ones", name="line")(x))
    model.compile(keras.optimizers.SGD(rate), loss="mse")
    return model


@pytest.mark.backend
@pytest.mark.parametrize(
    ("x", "rate", "reason"),
    [
        (1.0, 1e30, "step 2 of 3 of epoch 1: the loss itself overflowed"),
        (1e15, 1e30, "step 1 of 3 of epoch 1: its gradient spoilt the kernel of line"),
        (3e38, 1.0, "step 1 of 3 of epoch 1: the loss itself overflowed"),
    ],
)
def test_what_first_was_not_finite_is_found_by_repeating_the_epoch(x, rate, reason):
    one = np.array([[x]], np.float32), np.array([[0.0]], np.float32)
    assert reason in str(diverged(line(rate), Train(), Steps([one] * 3), NotFiniteError(2)))
