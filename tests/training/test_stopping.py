"""Early stopping: when a training is over."""

import pytest

from galopt.config import Train
from galopt.training.stopping import has_ended


@pytest.mark.parametrize(
    ("scores", "train", "ended"),
    [
        ([], Train(patience=1), False),
        ([0.3, 0.2], Train(patience=1), False),
        ([0.2, 0.2], Train(patience=1), True),
        ([0.2, 0.3, 0.25], Train(patience=3), False),
        ([0.2, 0.3], Train(epochs=2, patience=9), True),
        ([0.2, 0.3, 0.3], Train(patience=2, unfreeze=2, init_from="a"), False),
        ([0.2, 0.3, 0.3, 0.3, 0.3], Train(patience=2, unfreeze=2, init_from="a"), True),
    ],
)
def test_patience_is_counted_from_the_best_epoch_or_the_unfreezing(scores, train, ended):
    assert has_ended([{"val_rmse": score} for score in scores], train) is ended
