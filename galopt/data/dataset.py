"""The rescaled dataset: its splits, and how it is opened."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.config import Stamps
from galopt.data.imaging.bands import GREY
from galopt.data.integrity import AGAIN, verify
from galopt.data.noise_floor import EXPECTED
from galopt.data.splits import SPLITS
from galopt.errors import DataError
from galopt.files import read_json


@dataclass(frozen=True)
class Split:
    """The galaxies of one split.

    Attributes
    ----------
    images : array, shape (N, S, S, C), uint8
        Stretched stamps, memory-mapped; C planes.
    fractions : array, shape (N, T), float32
        Vote fractions in [0, 1].
    catalog : DataFrame
        One row per galaxy: id, n_votes, measured quantities, targets.
    expected : array, shape (N, T), float32, optional
        What the fractions would be on average over all voters, where the truth is known.
    bands : sequence of str
        Names of the planes.
    """

    images: NDArray[np.uint8]
    fractions: NDArray[np.float32]
    catalog: pd.DataFrame
    expected: NDArray[np.float32] | None = None
    bands: Sequence[str] = GREY

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Dataset:
    """A rescaled dataset on disk; `load` opens it.

    Attributes
    ----------
    folder : path
    info : dict
        What `dataset.json` says.
    splits : array of str, shape (N,), optional
        Of each galaxy, in place of those that were written: `resplit`.
    """

    folder: Path
    info: dict[str, Any]
    splits: NDArray[np.str_] | None = None

    @property
    def targets(self) -> list[str]:
        """Names of the vote fractions."""
        return self.info["targets"]

    @property
    def side(self) -> int:
        """Side of the stored stamps, px."""
        return self.info["pixels"]

    @property
    def bands(self) -> list[str]:
        """Names of the planes; datasets of before version 0.3 are grey."""
        return self.info.get("bands", list(GREY))

    @property
    def detour(self) -> bool:
        """Whether all its stamps were JPEGs of 454 px, those of pictures, too.

        So were all of before version 0.3; see `stamps.detour`.
        """
        return self.info.get("detour", True)

    @property
    def images(self) -> NDArray[np.uint8]:
        """All stamps, (N, S, S, C), uint8, memory-mapped."""
        return open_images(self.folder / "images.npy")

    @cached_property
    def one_class(self) -> bool:
        """Whether every galaxy has one class."""
        return is_one_class(self.catalog[self.targets])

    @cached_property
    def catalog(self) -> pd.DataFrame:
        """The whole catalogue, in the order of the images."""
        catalog = pd.read_parquet(self.folder / "catalog.parquet")
        return catalog if self.splits is None else catalog.assign(split=self.splits)

    def stamp_settings(self, config: Stamps) -> Stamps:
        """Return how images become stamps like these, which `detour` says beside `config`."""
        return config.model_copy(update={"detour": self.detour})

    def resplit(self, splits: NDArray[np.str_]) -> "Dataset":
        """Return the same galaxies, split otherwise; its hash says so."""
        name = hashlib.sha256(f"{self.info['hash']} {' '.join(splits)}".encode()).hexdigest()
        counts = {split: int((splits == split).sum()) for split in SPLITS}
        return Dataset(self.folder, self.info | {"hash": name[:16], "counts": counts}, splits)

    def everything(self) -> Split:
        """Return all galaxies, whatever their split."""
        return self._rows(np.arange(len(self.catalog)))

    def split(self, name: str) -> Split:
        """Return the galaxies of 'train', 'validation' or 'test'."""
        if name not in SPLITS:
            raise DataError(f"no split {name!r}; there are {', '.join(SPLITS)}")
        return self._rows(np.flatnonzero(self.catalog["split"] == name))

    def _rows(self, rows: NDArray[np.intp]) -> Split:
        catalog = self.catalog.iloc[rows].reset_index(drop=True)
        together = rows[-1] - rows[0] + 1 == len(rows)  # as they are written: not read at once
        inside = slice(rows[0], rows[-1] + 1) if together else rows
        fractions = catalog[self.targets].to_numpy(np.float32)
        names = [f"{EXPECTED}{target}" for target in self.targets]
        known = catalog[names].to_numpy(np.float32) if set(names) <= set(catalog) else None
        return Split(self.images[inside], fractions, catalog, known, self.bands)


def open_images(path: Path) -> NDArray[np.uint8]:
    """Map stamps, (N, S, S, C); those of before version 0.3 have no axis of planes."""
    images = np.load(path, mmap_mode="r")
    return images if images.ndim == 4 else images[..., None]


def is_one_class(fractions: ArrayLike) -> bool:
    """Tell whether of each galaxy's fractions, (N, T), one is 1 and the others are 0."""
    fractions = np.asarray(fractions)
    return bool(np.isin(fractions, (0, 1)).all() and (fractions.sum(axis=1) == 1).all())


def load(folder: Path | str) -> Dataset:
    """Open a dataset that `galopt.data.rescale.build_dataset` made.

    Raises
    ------
    DataError
        There is none, or it is not the one that was built.
    """
    folder = Path(folder)
    try:
        info = read_json(folder / "dataset.json")
        if not isinstance(info, dict) or not {"targets", "pixels", "hash"} <= info.keys():
            raise DataError(f"{folder}: dataset.json is not that of a dataset; {AGAIN}")
        verify(folder, info)
        dataset = Dataset(folder, info)
        shape = dataset.images.shape
        rows = len(dataset.catalog)
    except (OSError, EOFError, ValueError) as error:
        reason = f"no dataset ({' '.join(str(error).split())})"
        raise DataError(f"{folder}: {reason}; make it: uv run dvc repro rescale") from None
    if shape != (rows, dataset.side, dataset.side, len(dataset.bands)):
        raise DataError(f"{folder}: images {shape} do not fit the catalogue of {rows} galaxies")
    return dataset
