"""One configuration, trained: early stopping, checkpoints, resuming. No tracking here."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from galopt.compute import hardware
from galopt.compute.progress import progress_bar
from galopt.config import Config, Train
from galopt.data.dataset import Dataset, Split
from galopt.errors import ConfigError
from galopt.networks import architecture
from galopt.networks.augmentation import view_layer
from galopt.networks.beta_binomial import BetaBinomial, FractionError
from galopt.networks.build import build_network, targets_of, tree_of
from galopt.training.batches import Batches, InOrder, drawn, labelled, shared, vote_weights
from galopt.training.callback import EpochCallback, reseed
from galopt.training.checkpoint import Checkpoint
from galopt.training.classes import balancing_weights, suit_labels
from galopt.training.divergence_cause import NotFiniteError, diverged
from galopt.training.framing import warn_of_framing
from galopt.training.mirror_classes import warn_of_mirrors
from galopt.training.optimizers import make_optimizer
from galopt.training.stamp_store import GROUP_BYTES, fits_in_memory
from galopt.training.stopping import EarlyStopping, Epoch, has_ended
from galopt.training.transfer import freeze, start_from

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """What training gives.

    Attributes
    ----------
    model : keras.Model
        With the weights of the best epoch.
    history : list of dict
        One entry per epoch: train_rmse, val_rmse, epoch_seconds, train_images_per_second.
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
        Checkpoints go here after every epoch. If it holds those of an unfinished training run
        of the same configuration and dataset, training resumes from them.
    on_epoch : callable
        Called with each epoch's index, from 0, and its values; with those of earlier
        epochs too when training resumes.
    start : keras.Model, optional
        The trained network of `train.init_from`; its convolutions are kept, and trained
        further from epoch `train.unfreeze` on.

    Returns
    -------
    TrainResult

    Raises
    ------
    GaloptError
        The configuration does not suit the dataset, the loss is no longer a number, or a
        checkpoint cannot be written.
    """
    config = suit_labels(config, dataset)
    check_fit(config, dataset)
    precision = hardware.precision(config.train.precision)
    if config.train.deterministic:
        hardware.make_deterministic(config.train.seed)
    train_split, validation = labelled(dataset, config.train.galaxies, config.train.seed)
    warn_of_framing(config, train_split.images)
    warn_of_mirrors(config, dataset.targets, train_split)
    checkpoint = Checkpoint(folder, config, dataset.info["hash"])
    checkpoint.on_disk |= not fits_in_memory(train_split.images, validation.images)
    sample = _sample(train_split, config.train.seed) if checkpoint.on_disk else train_split
    with hardware.shared_batches() as devices:
        batches = _batches(config, train_split, devices, checkpoint.on_disk)

        def restored() -> keras.Model:
            model = make_model(config, dataset, sample, precision)
            if start:
                start_from(model, start)
            checkpoint.restore(model)
            return model

        model = restored()
        for epoch, values in enumerate(checkpoint.history):
            on_epoch(epoch, values)
        with progress_bar() as bar:
            reporter = EpochCallback(config, batches, checkpoint, on_epoch, bar)
            for phase in _phases(config.train):
                done = len(checkpoint.history)
                if done >= phase.stop or has_ended(checkpoint.history, config.train):
                    continue
                try:
                    _compile(model, config.train, precision, phase, reporter)
                    _fit(model, config.train, phase, validation, reporter)
                except NotFiniteError as lost:
                    again = restored()
                    _compile(again, config.train, precision, phase, reporter)
                    reseed(again, config.train.seed, batches.epoch)
                    raise diverged(again, config.train, batches, lost) from None
        checkpoint.load_best(model)
    return TrainResult(model, checkpoint.history, precision)


def _sample(split: Split, seed: int) -> Split:
    """Say that stamps stay on disk, and return as many as standardise the views well enough."""
    size = split.images.nbytes
    logger.info(f"The training stamps, {size / 2**30:.1f} GiB, are read from the disk in blocks")
    return drawn(split, min(len(split), GROUP_BYTES * len(split) // size), seed)


def _batches(config: Config, train_split: Split, devices: int, on_disk: bool = False) -> Batches:
    return Batches(
        train_split,
        config.train.batch_size,
        config.augment.repeats,
        config.train.seed,
        _weights(config.train, train_split),
        with_voters=_counts(config.train),
        devices=devices,
        on_disk=on_disk,
    )


def _weights(train: Train, split: Split) -> NDArray[np.float32] | None:
    """Return what each galaxy counts in the loss, (N,); None where all count the same."""
    weights = vote_weights(split) if train.weight_by_votes else None
    if train.class_weights == "none":
        return weights
    balancing = balancing_weights(split)
    return balancing if weights is None else weights * balancing


def make_model(config: Config, dataset: Dataset, train_split: Split, precision: str) -> keras.Model:
    """Build the network of a configuration, with a view standardised on its training stamps."""
    view = view_layer(config.network, config.augment, train_split.images, config.train.seed)
    return build_network(
        config.network,
        len(dataset.targets),
        dataset.side,
        view,
        config.train.seed,
        precision,
        concentration=_counts(config.train),
        planes=len(dataset.bands),
    )


def _counts(train: Train) -> bool:
    return train.loss == "beta_binomial"


def _phases(train: Train) -> list[range]:
    """Return the epochs in which the backbone is frozen, if any, and those in which it learns."""
    unfreeze = min(train.unfreeze, train.epochs)
    return [phase for phase in (range(unfreeze), range(unfreeze, train.epochs)) if phase]


def _compile(
    model: keras.Model, train: Train, precision: str, phase: range, reporter: EpochCallback
) -> None:
    """Make a model ready for what is left of a phase; its schedule is its own."""
    freeze(model, phase.start < train.unfreeze)
    model.compile(
        optimizer=make_optimizer(train, len(phase) * len(reporter.batches), precision),
        loss=BetaBinomial(tree_of(model)[0]) if _counts(train) else train.loss,
        metrics=_metrics(model, train),
    )
    if len(reporter.checkpoint.history) > phase.start:
        reporter.checkpoint.restore_optimizer(model)


def _metrics(model: keras.Model, train: Train) -> list[keras.metrics.Metric]:
    error = FractionError(targets_of(model))
    if train.loss == "categorical_crossentropy":
        return [error, keras.metrics.CategoricalAccuracy(name="accuracy")]
    return [error]


def _fit(
    model: keras.Model, train: Train, phase: range, validation: Split, reporter: EpochCallback
) -> None:
    """Train for the epochs of a phase that are still to do."""
    devices = reporter.batches.devices
    seen, at_once = shared(len(validation), devices), shared(512, devices)
    model.fit(
        reporter.batches,
        validation_data=InOrder(validation, at_once, seen, _counts(train)),
        epochs=phase.stop,
        initial_epoch=len(reporter.checkpoint.history),
        callbacks=[reporter, EarlyStopping(reporter.checkpoint.history, train)],
        shuffle=False,
        verbose=0,
    )


def check_fit(config: Config, dataset: Dataset) -> None:
    """Refuse a network or a loss that could not learn the votes of a dataset.

    Raises
    ------
    ConfigError
        A layer does not fit the image, the decision tree not the targets, or what counts
        votes meets fractions that were scaled to sum to one.
    """
    architecture.check_layers(config.network, len(dataset.targets), len(dataset.bands))
    for answer, target in zip(config.network.tree_answers, dataset.targets, strict=False):
        if answer != target:
            raise ConfigError(
                f"network.tree: its answer {answer} stands where the survey has {target}; name "
                f"the survey's targets in their order: {', '.join(dataset.targets)}"
            )
    if config.train.class_weights == "balanced" and not dataset.one_class:
        raise ConfigError(
            "train.class_weights='balanced': needs one class per galaxy, and this dataset has "
            "fractions of votes; set it to none"
        )
    if dataset.info["fractions"] == "raw":
        return
    needs = "set survey.fractions: raw in params.yaml"
    if config.network.tree:
        raise ConfigError(
            "network.output='tree': the answers to each question of the tree sum to one, but all "
            f"{len(dataset.targets)} fractions of this dataset together do; {needs}"
        )
    if config.train.loss == "beta_binomial":
        raise ConfigError(
            "train.loss='beta_binomial': a fraction times its voters must be a number of votes, "
            f"which it is not where fractions were scaled to sum to one; {needs}"
        )
