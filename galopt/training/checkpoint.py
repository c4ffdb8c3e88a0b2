"""Checkpoints of one training run: after each epoch everything needed to go on as if unbroken."""

import hashlib
import json
from pathlib import Path
from typing import Any

import keras

from galopt.config import Config
from galopt.errors import GaloptError
from galopt.files import atomic_file, read_json, write_json
from galopt.training.stopping import Epoch

STATE = "checkpoint.json"
MODELS = ("epoch_0.keras", "epoch_1.keras", "epoch_2.keras")
"""Files in turn, so that neither the last nor the best epoch's is written over."""


class Checkpoint:
    """The state of one training run in a folder.

    Parameters
    ----------
    folder : path
        Where the files go.
    config : Config
        What is trained.
    dataset_hash : str
        Content hash of the dataset it is trained on.

    Attributes
    ----------
    history : list of dict
        The values of the epochs done so far.
    on_disk : bool
        Whether its stamps stay on disk; kept, for then their order is another.
    """

    def __init__(self, folder: Path, config: Config, dataset_hash: str) -> None:
        self.folder = Path(folder)
        self.fingerprint = fingerprint(config, dataset_hash)
        self.history: list[Epoch] = []
        self.last = self.best = ""
        self.on_disk = bool(self._state().get("on_disk"))

    def _state(self) -> dict[str, Any]:
        """Return what was saved of this training run; empty if nothing was."""
        try:
            state = read_json(self.folder / STATE)
        except FileNotFoundError:
            return {}
        return state if state["fingerprint"] == self.fingerprint else {}

    def restore(self, model: keras.Model) -> None:
        """Give a model the weights of the last epoch that this training run has saved, if any."""
        if not (state := self._state()):
            return
        self.last, self.best = state["last"], state["best"]
        self.history = state["history"]
        model.set_weights(self._saved().get_weights())

    def restore_optimizer(self, model: keras.Model) -> None:
        """Give the optimiser of a restored, compiled model its state of that epoch."""
        saved = self._saved()
        model.optimizer.build(model.trainable_variables)
        for ours, theirs in zip(model.optimizer.variables, saved.optimizer.variables, strict=True):
            ours.assign(theirs)

    def _saved(self) -> keras.Model:
        return keras.saving.load_model(self.folder / self.last)

    def save(self, model: keras.Model, values: Epoch) -> None:
        """Add an epoch and write it.

        `STATE` is written last and names the model files that belong to it, so that a process
        killed at any moment leaves the one state or the other.
        """
        self.last = next(name for name in MODELS if name not in (self.last, self.best))
        if all(values["val_rmse"] < epoch["val_rmse"] for epoch in self.history):
            self.best = self.last
        self.history.append(values)
        try:
            with atomic_file(self.folder / self.last) as path:
                model.save(path)
            write_json(
                self.folder / STATE,
                {
                    "fingerprint": self.fingerprint,
                    "last": self.last,
                    "best": self.best,
                    "on_disk": self.on_disk,
                    "history": self.history,
                },
            )
        except OSError as error:
            raise GaloptError(
                f"cannot write the checkpoint of epoch {len(self.history)} to {self.folder}: "
                f"{error}; "
                "free some space and start again: training resumes from the epoch before"
            ) from None

    def load_best(self, model: keras.Model) -> None:
        """Give a model the weights of the best epoch."""
        saved = keras.saving.load_model(self.folder / self.best, compile=False)
        model.set_weights(saved.get_weights())


def fingerprint(config: Config, dataset_hash: str) -> str:
    """Return a short name of a training run: its configuration and its dataset."""
    sections = config.model_dump(include={"augment", "network", "train"})
    text = json.dumps([sections, dataset_hash], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
