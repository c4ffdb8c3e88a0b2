"""The rescaled dataset: built from stamps and votes, split by galaxy, loaded for training."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.compute.parallel import map_cores
from galopt.config import Config, Stamps, Work
from galopt.data.imaging.bands import GREY
from galopt.data.imaging.stamp_files import read_bands_of, read_stamp, read_straight_side
from galopt.data.integrity import AGAIN, array_header, content_hash, seal, verify
from galopt.data.noise_floor import EXPECTED, expectation_of, floor_of
from galopt.data.question_groups import questions_of
from galopt.data.splits import SPLITS, split_galaxies
from galopt.data.survey.targets import adds_up
from galopt.data.tables import read_own
from galopt.errors import DataError
from galopt.files import atomic_folder, read_json, write_json

logger = logging.getLogger(__name__)

STAMPS_PER_TASK = 200
ANSWERS = (0.4, 2.0)
"""Answers per voter, at the median, within which fractions are taken for those of one question:
the voters of Kartaltepe et al. (2015) tick 1.3 classes each."""


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
    """Open a dataset that `build` made.

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


def build(config: Config, data: Path | str, folder: Path | str) -> Dataset:
    """Rescale the stamps, split the galaxies and write the dataset.

    Parameters
    ----------
    config : Config
        Its sections `rescale` and `work` and `survey.fractions` are used.
    data : path
        Folder with `survey/`, `stamps/` and `stamps.csv`.
    folder : path
        Where the dataset goes; replaced as a whole, or not at all.

    Raises
    ------
    DataError
        A vote is not a fraction, too few galaxies are left to split, or the stamps of pictures
        have another side than `rescale.pixels`.
    """
    data, folder = Path(data).resolve(), Path(folder)
    straight = read_straight_side(data / "stamps")
    if straight not in (None, config.rescale.pixels):
        raise DataError(
            f"{data / 'stamps'}: pictures of {straight} px, and rescale.pixels is "
            f"{config.rescale.pixels}; make them again: uv run dvc repro --force stamps"
        )
    survey = read_json(data / "survey" / "survey.json")
    targets = survey["targets"]
    catalog = _catalog(data, targets)
    one_answer = adds_up(catalog, targets)
    fractions = _scaling(catalog, targets, config.survey.fractions)
    if fractions == "normalised":
        catalog[targets] = _normalised(catalog, targets)
    split = split_galaxies(catalog, targets, config.rescale)
    catalog = catalog.drop(columns="split", errors="ignore")
    catalog.insert(1, "split", split)
    catalog["split"] = pd.Categorical(catalog["split"], SPLITS, ordered=True)
    catalog = catalog.sort_values("split", kind="stable").reset_index(drop=True)
    with atomic_folder(folder) as temporary:
        files = [data / file for file in catalog.pop("file")]
        bands = read_bands_of(data / "stamps")
        shape = (len(files), config.rescale.pixels, config.rescale.pixels, len(bands))
        _write_images(files, shape, temporary / "images.npy", config.work)
        floor = floor_of(catalog, data / "survey", targets, fractions, one_answer)
        catalog["split"] = catalog["split"].astype(str)
        expected = expectation_of(catalog, data / "survey", targets, fractions)
        known = catalog if expected is None else catalog.join(expected)
        known.to_parquet(temporary / "catalog.parquet", index=False)
        info = {
            "name": survey["name"],
            "source": survey["source"],
            "fractions": fractions,
            "targets": targets,
            "bands": bands,
            "pixels": config.rescale.pixels,
            "detour": straight is None,
            "galaxies": len(catalog),
            "counts": {name: int((catalog["split"] == name).sum()) for name in SPLITS},
            "floor": floor,
            "hash": content_hash(temporary / "images.npy", catalog),
        }
        write_json(temporary / "dataset.json", seal(temporary, info))
    return load(folder)


def _catalog(data: Path, targets: list[str]) -> pd.DataFrame:
    votes = read_own(data / "survey" / "votes.csv")
    stamps = read_own(data / "stamps.csv")
    files = [name for name in votes if str(name) == "file" or str(name).startswith("file_")]
    catalog = votes.drop(columns=files).merge(stamps, on="id", validate="1:1")
    valid = catalog[targets].apply(lambda column: column.between(0, 1)).all(axis=1)
    if not valid.all():
        name = catalog.loc[~valid, "id"].iloc[0]
        raise DataError(f"votes of {name!r}: a vote fraction lies between 0 and 1; correct the row")
    return catalog


def _scaling(catalog: pd.DataFrame, targets: list[str], wanted: str) -> str:
    """Return how the fractions are kept: 'raw', or 'normalised' where that has a meaning."""
    if wanted == "raw" or adds_up(catalog, targets):
        return wanted
    questions = len(questions_of(targets))
    if len(targets) == 1 or questions > 1:
        what = f"answers to {questions} questions" if questions > 1 else "one fraction alone"
        logger.info(f"Fractions are kept as they are: {what} cannot be scaled to sum to one")
        return "raw"
    total = catalog[targets].sum(axis=1)
    low, high = ANSWERS
    if not low <= total.median() <= high:
        raise DataError(
            f"the {len(targets)} fractions of a galaxy sum to {total.median():.2g} (the median), "
            "so they do not answer one question and cannot be scaled to sum to one: set "
            "survey.fractions: raw"
        )
    return "normalised"


def _normalised(catalog: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """Return the fractions scaled to sum to one."""
    total = catalog[targets].sum(axis=1)
    if (total == 0).any():
        name = catalog.loc[total == 0, "id"].iloc[0]
        raise DataError(
            f"votes of {name!r}: no votes at all, so they cannot be scaled to sum to one; "
            "remove the row or set survey.fractions: raw"
        )
    return catalog[targets].div(total, axis=0)


def _write_images(files: list[Path], shape: tuple[int, ...], path: Path, work: Work) -> None:
    """Append the rescaled stamps to a .npy file, never more than a few hundred in memory."""
    tasks = [files[i : i + STAMPS_PER_TASK] for i in range(0, len(files), STAMPS_PER_TASK)]
    rescale = partial(_rescale, pixels=shape[1])
    with path.open("wb") as stream:
        stream.write(array_header(shape))
        for chunk in map_cores(rescale, tasks, "Rescaling stamps", work, len):
            stream.write(chunk.tobytes())


def _rescale(files: list[Path], pixels: int) -> NDArray[np.uint8]:
    return np.stack([read_stamp(file, pixels) for file in files])
