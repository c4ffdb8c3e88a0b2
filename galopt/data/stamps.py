"""From the sky to one JPEG a galaxy: cut out, stretched, 454 by 454 px, 8-bit grey."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from galopt.compute.parallel import map_cores
from galopt.config import Config, Stamps
from galopt.data.imaging.cutout import LARGEST, Cutout, cut_around, frame
from galopt.data.imaging.images import check_side, read_image
from galopt.data.imaging.mosaic import Mosaic, Units, assign_tiles
from galopt.data.tables import read_own
from galopt.errors import DataError
from galopt.files import atomic_file, atomic_folder, read_json

logger = logging.getLogger(__name__)

SIDE = 454
"""Side of a stamp, px (Ignat et al. 2016, section 3)."""

COLUMNS = ["id", "file", "sigma", "snr", "r50", "mag"]
_CHUNK = 32


@dataclass(frozen=True)
class StampBatch:
    """Galaxies of one tile, or of none if each has a file of its own."""

    rows: pd.DataFrame
    tile: Path | None


def make_stamps(config: Config, survey: Path, folder: Path) -> None:
    """Make one stamp for each galaxy of a survey.

    Parameters
    ----------
    config : Config
        Its sections `stamps` and `work` are used.
    survey : path
        A folder made by `galopt.data.survey.make_survey`.
    folder : path
        Receives `stamps/*.jpg`, `stamps.csv` (id, file, sigma in the image's unit, snr, r50
        in arcsec, mag in AB; blank where unknown) and `rejected.csv` (id, file, reason).

    Raises
    ------
    DataError
        More than `stamps.max_bad` of the images are bad. Nothing is written then but
        `rejected.csv`.
    """
    votes = read_own(survey / "votes.csv")
    with atomic_folder(folder / "stamps") as stamps:
        table = stamp_survey(votes, survey, config, stamps)
        bad = table.reason.notna()
        with atomic_file(folder / "rejected.csv") as path:
            table.loc[bad, ["id", "file", "reason"]].to_csv(path, index=False)
        _judge(table[bad], len(table), config.stamps.max_bad, folder)
        with atomic_file(folder / "stamps.csv") as path:
            table.loc[~bad, COLUMNS].to_csv(path, index=False, float_format="%.6g")


def stamp_survey(votes: pd.DataFrame, survey: Path, config: Config, folder: Path) -> pd.DataFrame:
    """Write the stamps of some galaxies of a survey into a folder.

    Parameters
    ----------
    votes : DataFrame
        Rows of the survey's `votes.csv`.
    survey, config
        As for `make_stamps`.
    folder : path
        Exists.

    Returns
    -------
    DataFrame
        In the order of `votes`: the columns of `stamps.csv` and ``reason``, why there is no
        stamp.
    """
    votes = votes.assign(stamp=stamp_names(votes.id))
    chunks = list(_chunks(votes, survey.resolve()))
    work = partial(stamp_chunk, config=config.stamps, folder=folder.resolve())
    cut = map_cores(work, chunks, "cutting stamps", config.work)
    table = pd.DataFrame([row for chunk in cut for row in chunk], columns=[*COLUMNS, "reason"])
    return table.set_index("id").loc[votes.id].reset_index()


def stamp_names(ids: pd.Series) -> list[str]:
    """Return a file name for each id: characters unfit for one become underscores.

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


def stretch(image: np.ndarray, level: float, sigma: float, config: Stamps) -> np.ndarray:
    """Return the brightness that the eye is shown.

    asinh((image - level) / (softening sigma)), scaled so that `black` sigmas are 0 and
    `white` sigmas are 1, and cut there (Lupton et al. 2004).

    Parameters
    ----------
    image : ndarray
        Any unit, float, (H, W).
    level, sigma : float
        Background level and noise, unit of the image.
    config : Stamps
        Softening, black and white.

    Returns
    -------
    ndarray
        Brightness in [0, 1], float32, (H, W).
    """
    low, high = np.arcsinh(np.array([config.black, config.white]) / config.softening)
    curve = np.arcsinh((image - level) / (config.softening * sigma))
    return np.clip((curve - low) / (high - low), 0, 1).astype(np.float32)


def stamp_chunk(chunk: StampBatch, config: Stamps, folder: Path) -> list[dict]:
    """Write the stamps of one chunk; return what was measured, or why there is none."""
    if chunk.tile is None:
        return [_attempt(row, partial(_from_file, row, config, folder)) for row in _rows(chunk)]
    with Mosaic(chunk.tile) as tile:
        return [
            _attempt(row, partial(_from_tile, row, tile, config, folder)) for row in _rows(chunk)
        ]


def read_stamp(file: Path, pixels: int) -> np.ndarray:
    """Decode a JPEG stamp and rescale it; the decoder does most of the reduction.

    Returns
    -------
    array, shape (pixels, pixels), uint8
    """
    with Image.open(file) as image:
        image.draft("L", (pixels, pixels))
        grey = image.convert("L").resize((pixels, pixels), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def _rows(chunk: StampBatch) -> list[dict]:
    return chunk.rows.to_dict("records")


def _attempt(row: dict, make: partial) -> dict:
    try:
        return {"id": row["id"], "file": f"stamps/{row['stamp']}", "reason": None} | make()
    except ValueError as error:
        return {"id": row["id"], "file": row["file"], "reason": str(error)}


def _from_file(row: dict, config: Stamps, folder: Path) -> dict:
    if not row["file"]:
        raise ValueError("outside the mosaic")
    image = read_image(row["file"])
    if not image.is_picture:
        middle = (image.pixels.shape[1] - 1) / 2, (image.pixels.shape[0] - 1) / 2
        cut = partial(cut_around, image.pixels, middle)
        side = min(image.pixels.shape)
        framed = frame(cut, side, side, config)
        return _save_numbers(framed, Units.of(image.header), row["stamp"], config, folder)
    if not config.as_catalogued:
        raise ValueError(
            "a picture, whose light cannot be measured: stamps.centring=light and "
            "stamps.field_in_r50 need FITS images"
        )
    square = _square(image.pixels)
    if square.min() == square.max():
        raise ValueError("blank: every pixel has the same value")
    _save(Image.fromarray(square), folder / row["stamp"], config)
    return {}


def _from_tile(row: dict, tile: Mosaic, config: Stamps, folder: Path) -> dict:
    cut = partial(cut_around, tile.data, tile.place(row["ra"], row["dec"]))
    framed = frame(cut, config.field, LARGEST * config.field, config)
    return _save_numbers(framed, tile.units, row["stamp"], config, folder)


def _save_numbers(framed: Cutout, units: Units, stamp: str, config: Stamps, folder: Path) -> dict:
    """Stretch and save a galaxy in physical units; return its measured quantities."""
    bright = stretch(framed.image, framed.level, framed.sigma, config)
    _save(Image.fromarray(bright), folder / stamp, config)
    return {
        "sigma": framed.sigma,
        "snr": framed.seen.snr,
        "r50": framed.seen.r50 * units.scale,
        "mag": units.zero_point - 2.5 * np.log10(framed.seen.flux),
    }


def _save(image: Image.Image, path: Path, config: Stamps) -> None:
    """Resize an image, grey levels or brightness in [0, 1], and write it as a JPEG."""
    image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    if image.mode == "F":
        image = Image.fromarray(np.rint(np.clip(np.asarray(image), 0, 1) * 255).astype(np.uint8))
    image.save(path, quality=config.quality)


def _square(image: np.ndarray) -> np.ndarray:
    """Return the central square of an image."""
    check_side(image.shape)
    side = min(image.shape)
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def _chunks(votes: pd.DataFrame, survey: Path) -> Iterator[StampBatch]:
    """Split a votes table into pieces of work, tile by tile."""
    if read_json(survey / "survey.json")["source"] == "folder":
        tiles, tile = [], np.full(len(votes), -1)
        votes = votes.assign(file=[str(survey / file) for file in votes.file])
    else:
        tiles = sorted((survey / "tiles").glob("*.fits"))
        tile = assign_tiles(tiles, votes.ra.to_numpy(), votes.dec.to_numpy())
        votes = votes.assign(file=[tiles[i].name if i >= 0 else "" for i in tile])
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
