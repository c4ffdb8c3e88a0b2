"""From stamps and votes to the rescaled dataset, split by galaxy."""

import logging
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.compute.parallel import map_cores
from galopt.config import Config, Work
from galopt.data.dataset import Dataset, load
from galopt.data.imaging.stamp_files import read_bands_of, read_stamp, read_straight_side
from galopt.data.integrity import array_header, content_hash, seal
from galopt.data.noise_floor import expectation_of, floor_of
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


def build_dataset(config: Config, data: Path | str, folder: Path | str) -> Dataset:
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
