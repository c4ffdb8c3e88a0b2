"""One class per galaxy: what is learnt by default, and weights."""

import numpy as np
import pytest
from helpers.small import small

from galopt.config.load import load_config
from galopt.errors import ConfigError
from galopt.evaluation.evaluate import evaluate
from galopt.training.classes import balancing_weights, suit_labels
from galopt.training.train import check_fit, train


def test_one_class_per_galaxy_is_learnt_by_softmax_and_cross_entropy(classed, blobs):
    modern = load_config("params.yaml", "network.preset=modern")
    suited = suit_labels(modern, classed)
    assert (suited.network.output, suited.train.loss) == ("softmax", "categorical_crossentropy")
    assert suit_labels(suited, classed) == suited
    assert suit_labels(modern, blobs) is modern
    kept = load_config("params.yaml", "train.labels=fractions")
    assert suit_labels(kept, classed) is kept


def test_classes_are_learnt_and_measured(classed, tmp_path):
    config = small(train__epochs=8, train__learning_rate=0.003, train__class_weights="balanced")
    result = train(config, classed, tmp_path)
    metrics = evaluate(result.model, classed).metrics
    assert metrics["test_balanced_accuracy"] > 0.8
    assert metrics["test_accuracy_low"] < metrics["test_accuracy"] <= metrics["test_accuracy_high"]
    assert result.history[-1]["val_accuracy"] > 0.7
    predicted = result.model.predict_on_batch(np.array(classed.split("test").images))
    np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-5)


def test_balanced_weights_give_every_class_the_same_sum(classed):
    split = classed.split("train")
    weights = balancing_weights(split)
    sums = (weights[:, None] * split.fractions).sum(axis=0)
    np.testing.assert_allclose(sums, len(split) / 2, rtol=1e-5)


def test_fractions_of_votes_cannot_be_balanced(blobs):
    with pytest.raises(ConfigError, match="class_weights='balanced': needs one class per galaxy"):
        check_fit(small(train__class_weights="balanced"), blobs)
