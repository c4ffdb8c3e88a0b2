"""What happens around each epoch of a training run: seeds, times, checkpoints, its line."""

import logging
import time
from collections.abc import Callable
from math import isfinite
from typing import Any

import keras
from rich.progress import Progress

from galopt.config import Config
from galopt.networks.build import part_seed
from galopt.training.batches import Batches
from galopt.training.batchnorm_statistics import refresh_statistics
from galopt.training.checkpoint import Checkpoint
from galopt.training.divergence_cause import NotFiniteError, dead_layer
from galopt.training.stopping import Epoch

logger = logging.getLogger(__name__)


class EpochCallback(keras.callbacks.Callback):
    """Reseed, time, report and checkpoint each epoch."""

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
        self.warned = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Show a progress bar."""
        steps, done = len(self.batches), len(self.checkpoint.history)
        self.task = self.bar.add_task(
            "Training", total=self.train.epochs * steps, completed=done * steps
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Shuffle and reseed."""
        self.batches.start(epoch)
        reseed(self.model, self.train.seed, epoch)
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop where the loss is not finite."""
        if not isfinite(logs["loss"]):
            raise NotFiniteError(batch)
        self.bar.advance(self.task)

    def on_test_begin(self, logs: Any = None) -> None:
        """Take the time of the training half of the epoch; make its weights ready to measure."""
        self.seconds = time.perf_counter() - self.started
        refresh_statistics(self.model, self.batches)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save, report and log the epoch, unless its validation is not finite."""
        if not (isfinite(logs["val_loss"]) and isfinite(logs["val_rmse"])):
            raise NotFiniteError(len(self.batches) - 1, validation=True)
        values = {
            "train_rmse": float(logs["rmse"]),
            "val_rmse": float(logs["val_rmse"]),
            "train_loss": float(logs["loss"]),
            "val_loss": float(logs["val_loss"]),
            "epoch_seconds": self.seconds,
            "train_images_per_second": len(self.batches.order) / self.seconds,
        }
        if "accuracy" in logs:
            values |= {
                "train_accuracy": float(logs["accuracy"]),
                "val_accuracy": float(logs["val_accuracy"]),
                "val_error_rate": 1 - float(logs["val_accuracy"]),
            }
        self.checkpoint.save(self.model, values)
        self.report(epoch, values)
        best = min(past["val_rmse"] for past in self.checkpoint.history)
        logger.info(
            f"epoch {epoch + 1:3d}/{self.train.epochs}  RMSE train {values['train_rmse']:.4f} "
            f"validation {values['val_rmse']:.4f} (best {best:.4f})  {self.seconds:.1f} s, "
            f"{values['train_images_per_second']:.0f}/s"  # 80 characters
        )
        self.warn()

    def warn(self) -> None:
        """Say, once, that the galaxies do not reach the output any more."""
        if self.warned:
            return
        stamps = self.batches[0][0][:16]
        if len(stamps) > 1 and (layer := dead_layer(self.model, stamps)):
            self.warned = True
            logger.warning(
                f"every galaxy gets the same fractions, for {layer} responds to none, and "
                "that hardly ever recovers. Start again with a lower train.learning_rate "
                f"({self.train.learning_rate:g}), another train.seed or network.preset=modern"
            )


def reseed(model: keras.Model, seed: int, epoch: int) -> None:
    """Set every random generator of a model for an epoch, so that a resumed run is the same."""
    for number, layer in enumerate(model.layers):
        if generator := getattr(layer, "seed_generator", None):
            generator.state.assign([part_seed(seed, number), (epoch << 20) % 2**31])
