"""One configuration, trained: early stopping, checkpoints, resuming. No tracking here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.progress import Progress

from galopt import hardware, networks
from galopt.augment import view_layer
from galopt.batches import Batches, drawn, labels, shared, vote_weights
from galopt.checkpoint import Checkpoint
from galopt.config import Config, Train
from galopt.counts import BetaBinomial, FractionError, targets_of
from galopt.dataset import Dataset, Split
from galopt.divergence import diverged
from galopt.optimizers import make_optimizer
from galopt.parallel import progress_bar
from galopt.transfer import freeze, start_from

Epoch = dict[str, float]


@dataclass(frozen=True)
class TrainResult:
    """What training gives.

    Attributes
    ----------
    model : keras.Model
        With the weights of the best epoch.
    history : list of dict
        One entry an epoch: train_rmse, val_rmse, epoch_seconds, train_images_per_second.
    precision : str
        The dtype policy that was used.
    """

    model: keras.Model
    history: list[Epoch]
    precision: str

    @property
    def best_epoch(self) -> int:
        """Index of the epoch with the lowest validation RMSE."""
        return int(np.argmin([epoch["val_rmse"] for epoch in self.history]))

    @property
    def val_rmse(self) -> float:
        """Lowest validation RMSE."""
        return self.history[self.best_epoch]["val_rmse"]


def train(
    config: Config,
    dataset: Dataset,
    folder: Path,
    on_epoch: Callable[[int, Epoch], None] = lambda epoch, values: None,
    start: keras.Model | None = None,
) -> TrainResult:
    """Train one network until the validation RMSE stops falling.

    On JAX, the accelerators of this machine share each batch.

    Parameters
    ----------
    config : Config
        Its `augment`, `network` and `train` sections are used.
    dataset : Dataset
        Trained on its train split, stopped by its validation split.
    folder : path
        Checkpoints go here after every epoch. If it holds those of an unfinished training
        of the same configuration and dataset, training resumes from them.
    on_epoch : callable
        Called with each epoch's index, from 0, and its values; with those of earlier
        epochs too when training resumes.
    start : keras.Model, optional
        The trained network of `train.init_from`; its convolutions are kept, and trained
        further from epoch `train.thaw` on.

    Returns
    -------
    TrainResult

    Raises
    ------
    GaloptError
        The loss is no longer a number, or a checkpoint cannot be written.
    """
    precision = hardware.precision(config.train.precision)
    if config.train.deterministic:
        hardware.make_deterministic(config.train.seed)
    train_split = drawn(dataset.split("train"), config.train.galaxies, config.train.seed)
    with hardware.shared_batches() as devices:
        batches = _batches(config, train_split, devices)
        model = make_model(config, dataset, train_split, precision)
        if start:
            start_from(model, start)
        checkpoint = Checkpoint(folder, config, dataset.info["hash"])
        checkpoint.restore(model)
        for epoch, values in enumerate(checkpoint.history):
            on_epoch(epoch, values)
        with progress_bar() as bar:
            reporter = _Reporter(config, batches, checkpoint, on_epoch, bar)
            for phase in _phases(config.train):
                if not checkpoint.finished and len(checkpoint.history) < phase.stop:
                    _fit(model, config.train, phase, dataset.split("validation"), reporter)
        checkpoint.load_best(model)
    return TrainResult(model, checkpoint.history, precision)


def _batches(config: Config, train_split: Split, devices: int) -> Batches:
    return Batches(
        train_split,
        config.train.batch_size,
        config.augment.copies,
        config.train.seed,
        vote_weights(train_split) if config.train.weight_by_votes else None,
        with_voters=_counts(config.train),
        devices=devices,
    )


def make_model(config: Config, dataset: Dataset, train_split: Split, precision: str) -> keras.Model:
    """Build the network of a configuration, with a view standardised on its training stamps."""
    view = view_layer(config.network, config.augment, train_split.images, config.train.seed)
    return networks.build(
        config.network,
        len(dataset.targets),
        dataset.side,
        view,
        config.train.seed,
        precision,
        concentration=_counts(config.train),
    )


def _counts(train: Train) -> bool:
    return train.loss == "beta_binomial"


def _phases(train: Train) -> list[range]:
    """Return the epochs in which the column rests, where it does, and those in which it learns."""
    thaw = min(train.thaw, train.epochs) if train.init_from else 0
    return [phase for phase in (range(thaw), range(thaw, train.epochs)) if phase]


def _fit(
    model: keras.Model, train: Train, phase: range, validation: Split, reporter: "_Reporter"
) -> None:
    """Train for the epochs of a phase that are still to do; its schedule is its own."""
    freeze(model, phase.start < train.thaw and train.init_from is not None)
    model.compile(
        optimizer=make_optimizer(train, len(phase) * len(reporter.batches)),
        loss=BetaBinomial() if _counts(train) else train.loss,
        metrics=[FractionError(targets_of(model))],
    )
    done = len(reporter.checkpoint.history)
    if done > phase.start:
        reporter.checkpoint.restore_optimizer(model)
    devices = reporter.batches.devices
    images, known = np.array(validation.images), labels(validation, _counts(train))
    seen = shared(len(images), devices)
    model.fit(
        reporter.batches,
        validation_data=(images[:seen], known[:seen]),
        validation_batch_size=shared(512, devices),
        epochs=phase.stop,
        initial_epoch=done,
        callbacks=[reporter],
        shuffle=False,
        verbose=0,
    )


class _Reporter(keras.callbacks.Callback):
    """Reseed, time, report and checkpoint each epoch, and stop when patience ends."""

    def __init__(
        self,
        config: Config,
        batches: Batches,
        checkpoint: Checkpoint,
        on_epoch: Callable[[int, Epoch], None],
        bar: Progress,
    ) -> None:
        super().__init__()
        self.train, self.batches = config.train, batches
        self.checkpoint, self.report = checkpoint, on_epoch
        self.bar = bar

    def on_train_begin(self, logs: Any = None) -> None:
        steps, done = len(self.batches), len(self.checkpoint.history)
        self.task = self.bar.add_task(
            "Training", total=self.train.epochs * steps, completed=done * steps
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.start(epoch)
        reseed(self.model, self.train.seed, epoch)
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not isfinite(logs["loss"]):
            raise diverged(self.model, self.train, self.batches, batch)
        self.bar.advance(self.task)

    def on_test_begin(self, logs: Any = None) -> None:
        self.seconds = time.perf_counter() - self.started

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        values = {
            "train_rmse": float(logs["rmse"]),
            "val_rmse": float(logs["val_rmse"]),
            "train_loss": float(logs["loss"]),
            "val_loss": float(logs["val_loss"]),
            "epoch_seconds": self.seconds,
            "train_images_per_second": len(self.batches.order) / self.seconds,
        }
        stop = self.checkpoint.save(self.model, values, self.train)
        self.report(epoch, values)
        best = min(past["val_rmse"] for past in self.checkpoint.history)
        self.bar.console.print(
            f"epoch {epoch + 1:3d}/{self.train.epochs}  train RMSE {values['train_rmse']:.4f}  "
            f"validation {values['val_rmse']:.4f} (best {best:.4f})  {self.seconds:.1f} s  "
            f"{values['train_images_per_second']:.0f} images/s",
            highlight=False,
            soft_wrap=True,
        )
        self.model.stop_training = stop


def reseed(model: keras.Model, seed: int, epoch: int) -> None:
    """Set every random generator of a model for an epoch, so that a resumed run is the same."""
    for number, layer in enumerate(model.layers):
        if generator := getattr(layer, "seed_generator", None):
            generator.state.assign([seed * 1000 + number, epoch << 20])
