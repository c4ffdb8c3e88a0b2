"""From a survey to one stamp per galaxy: its bands, its batches, what is rejected."""

import logging
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.compute.parallel import map_cores
from galopt.config import Config
from galopt.data.imaging.bands import BAND, GREY, survey_bands
from galopt.data.imaging.mosaic import assign_tiles
from galopt.data.imaging.stamp_batch import BOUND, StampBatch, records, stamp_chunk
from galopt.data.imaging.stamp_files import describe_stamps
from galopt.data.tables import read_own
from galopt.errors import ConfigError, DataError
from galopt.files import atomic_file, atomic_folder, read_json

logger = logging.getLogger(__name__)

COLUMNS = ["id", "file", "sigma", "snr", "r50", "mag"]
_CHUNK = 32


def make_stamps(config: Config, survey: Path, folder: Path) -> None:
    """Make one stamp for each galaxy of a survey.

    Parameters
    ----------
    config : Config
        Its sections `stamps` and `work`, `survey.bands` and `rescale.pixels` are used.
    survey : path
        A folder made by `galopt.data.survey.make_survey`.
    folder : path
        Receives `stamps/` (see `galopt.data.imaging.stamp_files`; those of pictures have the side
        `rescale.pixels`, unless `stamps.detour`), `stamps.csv` (id, file, and of
        the last band sigma in the image's unit, snr, r50 in arcsec, mag in AB; blank where
        unknown) and `rejected.csv` (id, file, reason).

    Raises
    ------
    DataError
        More than `stamps.max_bad` of the images are bad. Nothing is written then but
        `rejected.csv`.
    """
    votes = read_own(survey / "votes.csv")
    bands = bands_of(votes, survey, config)
    with atomic_folder(folder / "stamps") as stamps:
        table = stamp_survey(votes, survey, config, stamps, bands)
        straight = table.straight.eq(True).any()
        describe_stamps(stamps, bands, config.rescale.pixels if straight else None)
        bad = table.reason.notna()
        with atomic_file(folder / "rejected.csv") as path:
            table.loc[bad, ["id", "file", "reason"]].to_csv(path, index=False)
        _judge(table[bad], len(table), config.stamps.max_bad, folder)
        with atomic_file(folder / "stamps.csv") as path:
            table.loc[~bad, COLUMNS].to_csv(path, index=False, float_format="%.6g")


def bands_of(votes: pd.DataFrame, survey: Path, config: Config) -> list[str]:
    """Return the planes of a survey's stamps: those stated, else those that are there."""
    about = read_json(survey / "survey.json")
    if about["source"] == "folder":
        bands = survey_bands(records(votes), config.survey.bands)
    else:
        there = about.get("bands", list(GREY))
        bands = config.survey.bands or there
        if tuple(bands) != GREY and not set(bands) <= set(there):
            raise ConfigError(f"survey.bands: the survey has {', '.join(there)}")
    if tuple(bands) != GREY:
        logger.info(f"Planes of each stamp: {', '.join(bands)}")
    return bands


def stamp_survey(
    votes: pd.DataFrame, survey: Path, config: Config, folder: Path, bands: Sequence[str] = GREY
) -> pd.DataFrame:
    """Write the stamps of some galaxies of a survey into a folder.

    Parameters
    ----------
    votes : DataFrame
        Rows of the survey's `votes.csv`.
    survey, config
        As for `make_stamps`.
    folder : path
        Exists.
    bands : sequence of str
        Planes of each stamp.

    Returns
    -------
    DataFrame
        In the order of `votes`: the columns of `stamps.csv`; ``reason``, why there is no stamp;
        ``straight``, whether it is a picture's, which has the stored side.
    """
    votes = votes.assign(stamp=stamp_names(votes.id))
    chunks = list(_chunks(votes, survey.resolve()))
    work = partial(
        stamp_chunk,
        config=config.stamps,
        folder=folder.resolve(),
        bands=bands,
        pixels=config.rescale.pixels,
    )
    cut = map_cores(
        work, chunks, "Cutting stamps", config.work, lambda chunk: len(chunk.rows), BOUND
    )
    table = pd.DataFrame(
        [row for chunk in cut for row in chunk], columns=[*COLUMNS, "reason", "straight"]
    )
    return table.set_index("id").loc[votes.id].reset_index()


def stamp_names(ids: pd.Series) -> list[str]:
    """Return a file name for each id, a grey stamp's: characters unfit for one become underscores.

    Raises
    ------
    DataError
        Two ids would share a file.
    """
    names = ids.map(lambda name: re.sub(r"[^A-Za-z0-9+-]|^-", "_", name) + ".jpg")
    twice = names.str.lower().duplicated(keep=False)
    if twice.any():
        same = ids[names.str.lower() == names[twice].iloc[0].lower()]
        raise DataError(f"ids {same.iloc[0]!r} and {same.iloc[1]!r} would share one file name")
    return list(names)


def _chunks(votes: pd.DataFrame, survey: Path) -> Iterator[StampBatch]:
    """Split a votes table into pieces of work, tile by tile."""
    about = read_json(survey / "survey.json")
    if about["source"] == "folder":
        tiles, tile = [], np.full(len(votes), -1)
        votes = votes.assign(file=[str(survey / file) for file in votes.file])
    else:
        band = about.get("bands", GREY)[-1]
        ending = f"_{band}.fits" if "bands" in about else ".fits"
        files = sorted((survey / "tiles").glob(f"*{ending}"))
        tile = assign_tiles(files, votes.ra.to_numpy(), votes.dec.to_numpy())
        votes = votes.assign(file=[files[i].name if i >= 0 else "" for i in tile])
        named = ending.replace(band, BAND)
        tiles = [file.with_name(file.name.removesuffix(ending) + named) for file in files]
    for index in np.unique(tile):
        rows = votes[tile == index]
        for start in range(0, len(rows), _CHUNK):
            path = tiles[index] if index >= 0 else None
            yield StampBatch(rows.iloc[start : start + _CHUNK], path)


def _judge(bad: pd.DataFrame, total: int, allowed: float, folder: Path) -> None:
    """Report rejected images in one line; stop if there are too many."""
    if bad.empty:
        return
    some = "; ".join(f"{row.id} ({row.file}): {row.reason}" for row in bad.head(3).itertuples())
    line = f"{len(bad)} of {total} images are bad, listed in {folder / 'rejected.csv'}: {some}"
    if len(bad) > allowed * total or len(bad) == total:
        raise DataError(f"{line}. More than stamps.max_bad={allowed:g} of them is too many")
    logger.info(f"{line}. They are left out")
