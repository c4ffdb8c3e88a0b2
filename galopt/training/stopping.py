"""Early stopping: a training run ends when its validation RMSE has stopped falling."""

from collections.abc import Sequence
from typing import Any

import keras

from galopt.config import Train

Epoch = dict[str, float]
"""The values of one epoch: ``val_rmse``, ``train_rmse`` and others, by name."""


def has_ended(history: Sequence[Epoch], train: Train) -> bool:
    """Tell whether a training run with these epochs behind it is over.

    Patience begins at the best epoch, but not before the backbone is unfrozen.

    Parameters
    ----------
    history : sequence of dict
        One entry per epoch, with ``val_rmse``.
    train : config section
        `epochs`, `patience` and `unfreeze` are used.

    Examples
    --------
    >>> has_ended([{"val_rmse": 0.2}, {"val_rmse": 0.3}], Train(epochs=9, patience=1))
    True
    """
    if not history:
        return False
    scores = [epoch["val_rmse"] for epoch in history]
    waited = len(scores) - 1 - max(scores.index(min(scores)), train.unfreeze)
    return waited >= train.patience or len(scores) >= train.epochs


class EarlyStopping(keras.callbacks.Callback):
    """Stop `fit` where a training run has ended; it stands after the callback that adds epochs.

    Parameters
    ----------
    history : list of dict
        Grows with each epoch.
    train : config section
    """

    def __init__(self, history: list[Epoch], train: Train) -> None:
        super().__init__()
        self.history, self.train = history, train

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Decide whether another epoch follows."""
        self.model.stop_training = has_ended(self.history, self.train)
