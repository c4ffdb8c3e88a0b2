"""The trained model in use: stamps or pictures in, named vote fractions out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.config import Evaluate, Stamps
from galopt.errors import DataError
from galopt.files import read_json, write_json
from galopt.prediction.preprocess import to_stamps

if TYPE_CHECKING:
    pass  # loads MLflow, which prediction can do without

Fractions = NDArray[np.float32]

SPREAD = Evaluate(rotations=8, flip=True)
"""Views whose standard deviation is the error of one network that is evaluated in one view."""


class MorphologyModel:
    """The average of one or several networks.

    Parameters
    ----------
    networks : list of keras.Model
        Each takes stored stamps (B, S, S) uint8 and returns fractions (B, T).
    targets : list of str
        Names of the T fractions.
    views : config section
        Views of each stamp that are averaged, as in the run's evaluation.
    stamps : config section
        How the training stamps were made, and so how pictures become stamps.
    """

    def __init__(
        self, networks: list[Any], targets: list[str], views: Evaluate, stamps: Stamps
    ) -> None:
        self.networks, self.targets = networks, targets
        self.views, self.stamps = views, stamps
        self.side: int = networks[0].input_shape[1]

    @property
    def learnt(self) -> bool:
        """Whether its networks have learnt from the votes how far they may be off."""
        return bool(self.networks[0].output_shape[-1] > len(self.targets))

    def fractions(self, stamps: NDArray[np.uint8]) -> Fractions:
        """Return vote fractions (N, T) of stored stamps (N, S, S)."""
        return np.mean([mean for mean, _ in self._members(stamps)], axis=0)

    def with_errors(self, stamps: NDArray[np.uint8]) -> tuple[Fractions, Fractions]:
        """Return vote fractions of stored stamps and how far the model agrees with itself.

        Returns
        -------
        fractions : array, shape (N, T), float32
            The same as without errors.
        errors : array, shape (N, T), float32
            Standard deviation between the networks, if there are several, and within them: over
            the views that are averaged, and what a network has learnt of its own
            (`galopt.networks.beta_binomial`). Of one network in one view, over 8 rotations,
            each also mirrored. Only what was learnt from votes knows of what all networks or
            views get wrong.
        """
        from galopt.networks.inference import combine, predict_averaged

        means, deviations = zip(*self._members(stamps), strict=True)
        if len(means) == 1 and deviations[0] is None:
            return means[0], predict_averaged(self.networks[0], stamps, SPREAD)[1]
        return combine(means, deviations)

    def predict(self, images: Any) -> pd.DataFrame:
        """Return a table of vote fractions, one row an image.

        Parameters
        ----------
        images : array
            Stored stamps, grey levels (N, S, S); or strings (N,), each a JPEG, PNG, TIFF or
            FITS file in base64, from which stamps are made as those of the training were.

        Raises
        ------
        DataError
            An image is not one; the message says which and why.
        """
        images = np.asarray(images)
        if images.ndim == 1 and len(images):
            stamps = to_stamps(images, self.stamps, self.side)
        else:
            stamps = self._grey_levels(images)
        return pd.DataFrame(self.fractions(stamps), columns=self.targets)

    def _grey_levels(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        expected = f"base64 strings, or grey levels of shape (N, {self.side}, {self.side})"
        if images.shape[1:] != (self.side, self.side) or not len(images):
            raise DataError(f"the input has shape {images.shape}; give {expected}")
        if images.dtype == np.uint8:
            return images
        try:
            levels = images.astype(float)
        except (TypeError, ValueError):
            raise DataError(f"the input holds more than numbers; give {expected}") from None
        if not ((levels >= 0) & (levels <= 255) & (levels == np.rint(levels))).all():
            raise DataError("a grey level is no whole number from 0 to 255")
        return levels.astype(np.uint8)

    def _members(self, stamps: NDArray[np.uint8]) -> list[tuple[Fractions, Fractions | None]]:
        from galopt.networks.inference import predict_views

        return [predict_views(network, stamps, self.views) for network in self.networks]

    def save(self, folder: Path) -> None:
        """Write what `load` reads: the networks, their outputs' names, the views, the stretch."""
        folder.mkdir(parents=True)
        for number, network in enumerate(self.networks):
            network.save(folder / f"member_{number:02d}.keras")
        served = {
            "targets": self.targets,
            "views": self.views.model_dump(),
            "stamps": self.stamps.model_dump(),
        }
        write_json(folder / "served.json", served)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing in the folder is executed.

        Raises
        ------
        DataError
            A file is missing or not what it must be.
        """
        try:
            served = read_json(folder / "served.json")
            views, stamps = Evaluate(**served["views"]), Stamps(**served["stamps"])
        except (OSError, ValueError, KeyError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise DataError(
                f"{folder}/served.json: not of this version of galopt: {reason}"
            ) from None
        from galopt.networks.build import load_model

        networks = [load_model(path) for path in sorted(folder.glob("member_*.keras"))]
        if not networks:
            raise DataError(f"{folder}: no network there (member_00.keras)")
        return cls(networks, served["targets"], views, stamps)
