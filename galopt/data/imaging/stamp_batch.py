"""One piece of the stamps' work: some galaxies read or cut out, stretched, saved."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from galopt.compute.killable import begin
from galopt.compute.parallel import Bound
from galopt.config import Stamps
from galopt.data.imaging.bands import BAND, GREY, band_files, read_bands
from galopt.data.imaging.cutout import LARGEST, Cutout, cut_around, frame_bands
from galopt.data.imaging.image_files import check_side
from galopt.data.imaging.mosaic import Mosaic, Units
from galopt.data.imaging.stamp_files import save_stamp

SIDE = 454
"""Side of a stamp, px (Ignat et al. 2016, section 3)."""


@dataclass(frozen=True)
class StampBatch:
    """Galaxies of one tile, or of none if each has files of its own.

    Attributes
    ----------
    rows : DataFrame
        ``id``, ``file`` and ``stamp``; ``ra`` and ``dec``, degrees, where there is a tile;
        ``refused``, where it is known why one cannot be read.
    tile : path or None
        A mosaic; ``{band}`` in its name stands for a band, where each has its own.
    """

    rows: pd.DataFrame
    tile: Path | None


def without(batch: StampBatch, number: int | None, reason: str) -> StampBatch:
    """Return a batch of which one galaxy, or all, are refused before they are read."""
    rows = batch.rows.assign(refused=batch.rows.get("refused", ""))
    chosen = rows.index if number is None else rows.index[[number]]
    rows.loc[chosen, "refused"] = reason
    return StampBatch(rows, batch.tile)


BOUND = Bound(60.0, without)
"""An image is given up after a minute; one of the largest size takes 1 s."""


def stamp_chunk(
    chunk: StampBatch, config: Stamps, folder: Path, bands: Sequence[str] = GREY
) -> list[dict]:
    """Write the stamps of one chunk; return what was measured, or why there is none."""
    rows = records(chunk.rows)
    if chunk.tile is None or all(row.get("refused") for row in rows):
        make = partial(_from_files, bands=bands, config=config, folder=folder)
        return [_attempt(number, row, make) for number, row in enumerate(rows)]
    with ExitStack() as stack:
        there = band_files({"file": str(chunk.tile)}, _own_bands(chunk.tile, bands))
        tiles = [stack.enter_context(Mosaic(Path(file))) for file in there]
        make = partial(_from_tiles, tiles=tiles, bands=bands, config=config, folder=folder)
        return [_attempt(number, row, make) for number, row in enumerate(rows)]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _own_bands(tile: Path, bands: Sequence[str]) -> Sequence[str]:
    """Return the bands of a mosaic to read: all that there are, where grey is made of them."""
    if BAND not in tile.name or tuple(bands) != GREY:
        return bands
    before, after = tile.name.split(BAND)
    names = [file.name for file in tile.parent.glob(tile.name.replace(BAND, "*"))]
    return sorted(name.removeprefix(before).removesuffix(after) for name in names)


def _attempt(number: int, row: dict, make: partial) -> dict:
    try:
        if row.get("refused"):
            raise ValueError(row["refused"])
        begin(number)
        return {"id": row["id"], "reason": None} | make(row)
    except ValueError as error:
        return {"id": row["id"], "file": row["file"], "reason": str(error)}


def _from_files(row: dict, bands: Sequence[str], config: Stamps, folder: Path) -> dict:
    if not row["file"]:
        raise ValueError("outside the mosaic")
    image = read_bands(band_files(row, bands), bands)
    if not image.is_picture:
        middle = (image.pixels.shape[1] - 1) / 2, (image.pixels.shape[0] - 1) / 2
        planes = np.moveaxis(image.pixels, -1, 0)
        cuts = [partial(cut_around, plane, middle) for plane in planes]
        side = min(image.pixels.shape[:2])
        framed = frame_bands(cuts, side, side, config)
        return _save_numbers(framed, Units.of(image.header), row, bands, config, folder)
    if not config.as_catalogued:
        raise ValueError(
            "JPEG, PNG or TIFF, whose light cannot be measured: stamps.centring=light and "
            "stamps.field_in_r50 need FITS images"
        )
    square = _square(image.pixels)
    if square.min() == square.max():
        raise ValueError("blank: every pixel has the same value")
    return _saved(square, row, config, folder)


def _from_tiles(
    row: dict, tiles: Sequence[Mosaic], bands: Sequence[str], config: Stamps, folder: Path
) -> dict:
    cuts = [partial(cut_around, tile.data, tile.place(row["ra"], row["dec"])) for tile in tiles]
    framed = frame_bands(cuts, config.field, LARGEST * config.field, config)
    return _save_numbers(framed, tiles[-1].units, row, bands, config, folder)


def _save_numbers(
    framed: Sequence[Cutout],
    units: Units,
    row: dict,
    bands: Sequence[str],
    config: Stamps,
    folder: Path,
) -> dict:
    """Stretch and save a galaxy in physical units; return what was measured in the last band."""
    planes = [stretch(plane.image, plane.level, plane.sigma, config) for plane in framed]
    if len(planes) > len(bands):
        planes = [np.mean(np.stack(planes), axis=0)]
    last, image = framed[-1], np.stack(planes, axis=-1)
    return _saved(image, row, config, folder) | {
        "sigma": last.sigma if last.noisy else np.nan,
        "snr": last.seen.snr if last.noisy else np.nan,
        "r50": last.seen.r50 * units.scale,
        "mag": units.zero_point - 2.5 * np.log10(last.seen.flux),
    }


def _saved(image: np.ndarray, row: dict, config: Stamps, folder: Path) -> dict:
    name = save_stamp(image, folder / row["stamp"], SIDE, config.quality)
    return {"file": f"stamps/{name}"}


def _square(image: np.ndarray) -> np.ndarray:
    """Return the central square of an image."""
    check_side(image.shape)
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


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
