"""The trained model in use: images of galaxies in, named vote fractions out."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.config import Evaluate, Stamps
from galopt.data.imaging.bands import GREY
from galopt.errors import DataError
from galopt.metrics import interval
from galopt.prediction.calibration import Calibration
from galopt.prediction.coerce_images import stored_or_files
from galopt.prediction.network_file import Usage, read_usage, write_network
from galopt.prediction.preprocess import make_stamps
from galopt.prediction.unlike import Unlike

Fractions = NDArray[np.float32]

SPREAD = Evaluate(rotations=8, flip=True)
"""Views whose standard deviation is the error of one network that is evaluated in one view."""

ERROR, LOW, HIGH = "_err", "_low", "_high"
"""Endings of the columns that hold the errors of predicted fractions and their intervals."""

SPREAD_ONLY = "_spread"
"""Ending instead of those where the spread of networks or views is known and no error."""


class MorphologyModel:
    """The average of one or several networks.

    Parameters
    ----------
    networks : list of keras.Model
        Each takes stored stamps (B, S, S, C) uint8 and returns fractions (B, T).
    targets : list of str
        Names of the T fractions.
    views : config section
        Views of each stamp that are averaged, as in the run's evaluation.
    stamps : config section
        How the training stamps were made, and so how images become stamps.
    bands : sequence of str
        Planes of the stamps.
    calibration : Calibration, optional
        What its errors were on galaxies that it was not trained on; see `calibrate`.
    unlike : Unlike, optional
        What the training galaxies look like.

    Attributes
    ----------
    origin : dict of str
        Where it comes from, if it was opened: ``model``, ``run``, ``dataset``, ``survey``.
    reader : callable
        Makes stored stamps of image files; `galopt.prediction.preprocess.make_stamps`.
    """

    bands: Sequence[str] = GREY

    def __init__(
        self,
        networks: list[Any],
        targets: list[str],
        views: Evaluate,
        stamps: Stamps,
        bands: Sequence[str] = GREY,
        calibration: Calibration | None = None,
        unlike: Unlike | None = None,
    ) -> None:
        self.networks, self.targets = networks, targets
        self.views, self.stamps, self.bands = views, stamps, list(bands)
        self.calibration, self.unlike = calibration, unlike
        self.side: int = networks[0].input_shape[1]
        self.origin: dict[str, str] = {}
        self.reader: Callable[
            [Sequence[Path | bytes], Stamps, int, Sequence[str]], NDArray[np.uint8]
        ]
        self.reader = make_stamps

    @property
    def learnt(self) -> bool:
        """Whether its networks have learnt from the votes how far they may be off."""
        return bool(self.networks[0].output_shape[-1] > len(self.targets))

    @property
    def sums_to_one(self) -> bool:
        """Whether the fractions of every galaxy sum to one, by softmax."""
        layers = [network.get_layer("fractions") for network in self.networks]
        made_by = [getattr(getattr(layer, "activation", None), "__name__", "") for layer in layers]
        return set(made_by) == {"softmax"}

    def predict(self, images: Any, errors: bool = False, paths: bool = True) -> pd.DataFrame:
        """Return a table of vote fractions, one row per image.

        Parameters
        ----------
        images : sequence or array
            One galaxy in the centre of each. Paths, bytes or base64 texts of JPEG, PNG, TIFF
            or FITS files, from which stamps are made as those of the training were; or arrays
            of grey levels (H, W) or colours (H, W, 3), uint8, of any size. Arrays of the
            stored stamps' own size are taken as stored stamps.
        errors : bool
            Whether to add the columns ``<target>_err``, the standard deviation of the prediction
            around the expected fraction, and ``<target>_low`` to ``<target>_high``, which hold
            95 % of the votes of as many voters. Of a model whose errors were neither calibrated
            nor learnt it is ``<target>_spread`` alone: `with_spread`.
        paths : bool
            Whether a text may name a file. A server says no: it reads what it is sent.

        Returns
        -------
        DataFrame
            One column per target, float32 in [0, 1].

        Raises
        ------
        DataError
            An image is not one; the message says which, why and what is expected.
        """
        given = stored_or_files(images, self.side, paths, len(self.bands))
        if isinstance(given, list):
            given = self.reader(given, self.stamps, self.side, self.bands)
        return self.table(given, errors)

    def table(self, stamps: NDArray[np.uint8], errors: bool = False) -> pd.DataFrame:
        """Return what `predict` does, of stored stamps (N, S, S, C)."""
        names = self.columns(errors)
        if not len(stamps):
            return pd.DataFrame(columns=names, dtype=np.float32)
        if not errors:
            return pd.DataFrame(self.fractions(stamps), columns=names)
        values = np.hstack(self.with_errors(stamps))
        return pd.DataFrame(values.astype(np.float32), columns=names)

    def columns(self, errors: bool) -> list[str]:
        """Return the columns of the fractions, and of their errors if those are wanted."""
        known = self.calibration is not None or self.learnt
        endings = ("", *((ERROR, LOW, HIGH) if known else (SPREAD_ONLY,))) if errors else ("",)
        return [f"{name}{ending}" for ending in endings for name in self.targets]

    def fractions(self, stamps: NDArray[np.uint8]) -> Fractions:
        """Return vote fractions (N, T) of stored stamps (N, S, S, C)."""
        return np.mean([mean for mean, _ in self._members(stamps)], axis=0)

    def calibrate(
        self, stamps: NDArray[np.uint8], voted: Fractions, n_votes: ArrayLike | None = None
    ) -> None:
        """Learn how large the errors are from galaxies that no network was trained on.

        Parameters
        ----------
        stamps : array, shape (N, S, S), uint8
            Stored stamps; those that stopped the training, for instance.
        voted : array, shape (N, T)
            Their vote fractions.
        n_votes : array, shape (N,), optional
            Their voters.
        """
        self.calibration = Calibration.fit(voted, *self.with_spread(stamps), n_votes)

    def with_errors(self, stamps: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """Return fractions and what `columns` says of their errors, each (N, T)."""
        mean, spread = self.with_spread(stamps)
        if self.calibration:
            errors = self.calibration.errors(mean, spread)
            return [mean, errors, *self.calibration.interval(mean, spread)]
        return [mean, spread, *(interval(mean, spread) if self.learnt else ())]

    def with_spread(self, stamps: NDArray[np.uint8]) -> tuple[Fractions, Fractions]:
        """Return vote fractions of stored stamps and how far the model agrees with itself.

        Returns
        -------
        fractions : array, shape (N, T), float32
            The same as without errors.
        spread : array, shape (N, T), float32
            Standard deviation between the networks, if there are several, and within them: over
            the views that are averaged, and what a network has learnt of its own
            (`galopt.networks.beta_binomial`). Of one network in one view, over 8 rotations,
            each also mirrored. Only what was learnt from votes knows of what all networks or
            views get wrong, so this is no error; see `calibrate`.
        """
        from galopt.networks.inference import combine, predict_averaged  # here: loads Keras

        means, deviations = zip(*self._members(stamps), strict=True)
        if len(means) == 1 and deviations[0] is None:
            return means[0], predict_averaged(self.networks[0], stamps, SPREAD)[1]
        return combine(means, deviations)

    def _members(self, stamps: NDArray[np.uint8]) -> list[tuple[Fractions, Fractions | None]]:
        from galopt.networks.inference import predict_views  # here: loads Keras

        return [predict_views(network, stamps, self.views) for network in self.networks]

    @property
    def usage(self) -> Usage:
        """What its numbers mean, and what it must be given."""
        return Usage(
            targets=self.targets,
            views=self.views,
            stamps=self.stamps,
            bands=self.bands,
            calibration=self.calibration,
            unlike=self.unlike,
        )

    def fingerprint(self) -> str:
        """Return a hash of its networks and their usage: two with one answer alike."""
        digest = blake2b(self.usage.model_dump_json().encode(), digest_size=16)
        for network in self.networks:
            digest.update(network.to_json().encode())
            for weights in network.get_weights():
                digest.update(np.ascontiguousarray(weights).tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write what `load` reads: a `.keras` file of one network, or a folder of all."""
        usage = self.usage
        if path.suffix == ".keras":
            (network,) = self.networks
            write_network(network, usage, path)
            return
        path.mkdir(parents=True)
        for number, network in enumerate(self.networks):
            write_network(network, usage, path / f"member_{number:02d}.keras")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote, also before version 0.2; nothing in it is executed.

        Raises
        ------
        DataError
            A file is missing or not what it must be.
        """
        usage, files = read_usage(path)
        from galopt.networks.build import load_model  # here: loads Keras

        networks = [load_model(file) for file in files]
        fit = networks[0].get_layer("fractions").output.shape[-1]
        if fit != len(usage.targets):
            raise DataError(f"{path}: {fit} fractions, but {len(usage.targets)} names of them")
        return cls(
            networks,
            usage.targets,
            usage.views,
            usage.stamps,
            usage.bands,
            usage.calibration,
            usage.unlike,
        )
