"""Checkpoints of one training: after each epoch everything needed to go on as if unbroken."""

import hashlib
import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import keras

from galopt.config import Config, Train
from galopt.errors import GaloptError
from galopt.files import atomic_file, read_json, write_json

BEST = "best.keras"


class Checkpoint:
    """The state of one training in a folder.

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
    finished : bool
        Whether training had reached its end.
    """

    def __init__(self, folder: Path, config: Config, dataset_hash: str) -> None:
        self.folder = Path(folder)
        self.fingerprint = fingerprint(config, dataset_hash)
        self.history: list[dict[str, float]] = []
        self.finished = False

    def restore(self, model: keras.Model) -> None:
        """Give a model the weights of the last saved epoch, if there is one of this training."""
        try:
            state = read_json(self.folder / "state.json")
        except FileNotFoundError:
            return
        if state["fingerprint"] != self.fingerprint:
            return
        model.set_weights(self._saved(state).get_weights())
        self.history, self.finished = state["history"], state["finished"]

    def restore_optimizer(self, model: keras.Model) -> None:
        """Give the optimiser of a restored, compiled model its state of that epoch."""
        saved = self._saved(read_json(self.folder / "state.json"))
        model.optimizer.build(model.trainable_variables)
        for ours, theirs in zip(model.optimizer.variables, saved.optimizer.variables, strict=True):
            ours.assign(theirs)

    def _saved(self, state: dict[str, Any]) -> keras.Model:
        return keras.saving.load_model(self.folder / state["model"])

    def save(self, model: keras.Model, values: dict[str, Any], train: Train) -> bool:
        """Add an epoch and write it; return whether training should stop.

        Patience begins where the column has thawed. `state.json` is written last and names
        the model file that belongs to it, so that a process killed at any moment leaves the
        one state or the other.
        """
        self.history.append(values)
        scores = [epoch["val_rmse"] for epoch in self.history]
        best = scores.index(min(scores))
        waited = len(scores) - 1 - max(best, train.thaw)
        self.finished = waited >= train.patience or len(scores) >= train.epochs
        name = f"last_{len(scores) % 2}.keras"
        try:
            with atomic_file(self.folder / name) as path:
                model.save(path)
            if best == len(scores) - 1:
                with atomic_file(self.folder / BEST) as path:
                    copyfile(self.folder / name, path)
            write_json(
                self.folder / "state.json",
                {
                    "fingerprint": self.fingerprint,
                    "model": name,
                    "finished": self.finished,
                    "history": self.history,
                },
            )
        except OSError as error:
            raise GaloptError(
                f"cannot write the checkpoint of epoch {len(scores)} to {self.folder}: {error}; "
                "free some space and start again: training resumes from the epoch before"
            ) from None
        return self.finished

    def load_best(self, model: keras.Model) -> None:
        """Give a model the weights of the best epoch."""
        saved = keras.saving.load_model(self.folder / BEST, compile=False)
        model.set_weights(saved.get_weights())


def fingerprint(config: Config, dataset_hash: str) -> str:
    """Return a short name of a training: its configuration and its dataset."""
    sections = config.model_dump(include={"augment", "network", "train"})
    text = json.dumps([sections, dataset_hash], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
