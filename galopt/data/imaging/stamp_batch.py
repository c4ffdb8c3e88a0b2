"""One piece of the stamps' work: some galaxies read or cut out, stretched, saved."""

from collections.abc import Callable, Sequence
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
from galopt.data.imaging.image_files import Frame
from galopt.data.imaging.mosaic import Mosaic, Units
from galopt.data.imaging.stamp_files import SIDE, enlarge, reduce, save_stamp, through_jpeg


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


@dataclass(frozen=True)
class Stamp:
    """A galaxy as the eye is shown it.

    Attributes
    ----------
    levels : array, shape (S, S, C), uint8
        Of `SIDE`, to become a JPEG; of the stored side where it is a picture's.
    of_sky : bool
        Whether it becomes that JPEG: all that is cut from the sky does.
    measured : callable
        Measures the galaxy, for `stamps.csv`; a prediction does without.
    """

    levels: np.ndarray
    of_sky: bool
    measured: Callable[[], dict[str, float]] = dict

    def stored(self, pixels: int, quality: int) -> np.ndarray:
        """Return what the dataset keeps of it, (pixels, pixels, C)."""
        return through_jpeg(self.levels, quality, pixels) if self.of_sky else self.levels


def without(batch: StampBatch, number: int | None, reason: str) -> StampBatch:
    """Return a batch of which one galaxy, or all, are refused before they are read."""
    rows = batch.rows.assign(refused=batch.rows.get("refused", ""))
    chosen = rows.index if number is None else rows.index[[number]]
    rows.loc[chosen, "refused"] = reason
    return StampBatch(rows, batch.tile)


BOUND = Bound(60.0, without)
"""An image is given up after a minute; one of the largest size takes 1 s."""


def stamp_chunk(
    chunk: StampBatch,
    config: Stamps,
    folder: Path,
    bands: Sequence[str] = GREY,
    pixels: int = SIDE,
) -> list[dict]:
    """Write the stamps of one chunk; return what was measured, or why there is none."""
    save = partial(_saved, config=config, folder=folder)
    made = draw_chunk(chunk, config, bands, pixels, save)
    return [
        {"id": row["id"], "file": row["file"], "reason": saved}
        if isinstance(saved, str)
        else {"id": row["id"], "reason": None} | saved
        for row, saved in zip(records(chunk.rows), made, strict=True)
    ]


def draw_chunk(
    chunk: StampBatch,
    config: Stamps,
    bands: Sequence[str],
    pixels: int,
    use: Callable[[Stamp, dict], Any],
) -> list[Any]:
    """Return what becomes of the stamp of each galaxy of a chunk, or why there is none (str).

    Parameters
    ----------
    chunk : StampBatch
    config : config section
    bands : sequence of str
        Planes of the stamps.
    pixels : int
        Side of the stamps of pictures, unless `stamps.detour`.
    use : callable
        Takes a stamp and the galaxy's row; a ValueError that it raises is a reason, too.
    """
    rows = records(chunk.rows)
    with ExitStack() as stack:
        make = partial(_from_files, bands=bands, config=config, pixels=pixels)
        if chunk.tile is not None and not all(row.get("refused") for row in rows):
            there = band_files({"file": str(chunk.tile)}, _own_bands(chunk.tile, bands))
            tiles = [stack.enter_context(Mosaic(Path(file))) for file in there]
            make = partial(_from_tiles, tiles=tiles, bands=bands, config=config)
        return [_attempt(number, row, make, use) for number, row in enumerate(rows)]


def _saved(stamp: Stamp, row: dict, config: Stamps, folder: Path) -> dict:
    quality = config.quality if stamp.of_sky else None
    name = save_stamp(stamp.levels, folder / row["stamp"], quality)
    return {"file": f"stamps/{name}", "straight": not stamp.of_sky} | stamp.measured()


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


def _attempt(number: int, row: dict, make: partial, use: Callable[[Stamp, dict], Any]) -> Any:
    try:
        if row.get("refused"):
            raise ValueError(row["refused"])
        begin(number)
        return use(make(row), row)
    except ValueError as error:
        return str(error)


def _from_files(row: dict, bands: Sequence[str], config: Stamps, pixels: int) -> Stamp:
    if not row["file"]:
        raise ValueError("outside the mosaic")
    image = read_bands(band_files(row, bands), bands, None if config.detour else pixels)
    if image.is_picture:
        return _of_picture(image, config, pixels)
    middle = (image.pixels.shape[1] - 1) / 2, (image.pixels.shape[0] - 1) / 2
    planes = np.moveaxis(image.pixels, -1, 0)
    cuts = [partial(cut_around, plane, middle) for plane in planes]
    side = min(image.pixels.shape[:2])
    framed = frame_bands(cuts, side, side, config)
    return _of_sky(framed, partial(Units.of, image.header), bands, config)


def _from_tiles(row: dict, tiles: Sequence[Mosaic], bands: Sequence[str], config: Stamps) -> Stamp:
    cuts = [partial(cut_around, tile.data, tile.place(row["ra"], row["dec"])) for tile in tiles]
    framed = frame_bands(cuts, config.field, LARGEST * config.field, config)
    return _of_sky(framed, lambda: tiles[-1].units, bands, config)


def _of_picture(image: Frame, config: Stamps, pixels: int) -> Stamp:
    """Take a picture as it is."""
    if not config.as_catalogued:
        raise ValueError(
            "JPEG, PNG or TIFF, whose light cannot be measured: stamps.centring=light and "
            "stamps.field_in_r50 need FITS images"
        )
    if config.detour:
        stamp = Stamp(enlarge(_square(image.pixels)), of_sky=True)
    else:
        stamp = Stamp(reduce(image.pixels, pixels), of_sky=False)
    if stamp.levels.min() == stamp.levels.max():
        raise ValueError("blank: every pixel has the same value")
    return stamp


def _of_sky(
    framed: Sequence[Cutout], units: Callable[[], Units], bands: Sequence[str], config: Stamps
) -> Stamp:
    """Stretch a galaxy in physical units; the last band is the one that is measured."""
    planes = [stretch(plane.image, plane.level, plane.sigma, config) for plane in framed]
    if len(planes) > len(bands):
        planes = [np.mean(np.stack(planes), axis=0)]
    levels = enlarge(np.stack(planes, axis=-1))
    return Stamp(levels, of_sky=True, measured=partial(_measured, framed[-1], units))


def _measured(last: Cutout, units: Callable[[], Units]) -> dict[str, float]:
    unit = units()
    return {
        "sigma": last.sigma if last.noisy else np.nan,
        "snr": last.seen.snr if last.noisy else np.nan,
        "r50": last.seen.r50 * unit.scale,
        "mag": unit.zero_point - 2.5 * np.log10(last.seen.flux),
    }


def _square(image: np.ndarray) -> np.ndarray:
    """Return the central square of an image."""
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
