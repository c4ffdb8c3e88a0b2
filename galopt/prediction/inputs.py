"""Which galaxies to predict: image files, or positions in mosaics."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.data.dataset import Dataset
from galopt.data.imaging.bands import GREY, band_files, find_galaxies
from galopt.data.imaging.image_files import find_files, image_ids
from galopt.data.imaging.mosaic import assign_tiles, check_mosaic
from galopt.data.imaging.stamp_batch import StampBatch
from galopt.data.names import LONGEST_PATH, check_names
from galopt.data.tables import check_positions, column_names, read_table, rename_keys
from galopt.errors import DataError
from galopt.prediction.model import MorphologyModel
from galopt.prediction.preprocess import TOGETHER

_STORED = 512
_COLUMNS = ["id", "ra", "dec"]


def check_given(paths: Sequence[str], catalog: Path | None, mosaics: Sequence[Path]) -> None:
    """Raise a DataError unless a command was given images that are there, or positions in mosaics.

    It is asked before a model is opened, which takes seconds and knows the bands.
    """
    if bool(paths) == bool(catalog) or bool(catalog) != bool(mosaics):
        raise DataError("name images, or positions with both --catalog and --mosaic")
    if plain := [path for path in paths if "{band}" not in path]:
        find_files(plain)
    if catalog and not catalog.is_file():
        raise DataError(f"{catalog}: no such file")


def galaxies_in(
    paths: Sequence[str], catalog: Path | None, mosaics: Sequence[Path], bands: Sequence[str]
) -> list[StampBatch]:
    """Return the work of reading what a command was given: images, or positions in mosaics."""
    if catalog:
        return positions_in(catalog, mosaics, bands)
    return stamps_in(find_galaxies(paths, bands))


def stamps_in(files: Sequence[Path]) -> list[StampBatch]:
    """Return the work of reading stamps, one galaxy in the centre of each file."""
    galaxies = {"id": image_ids(files), "file": list(map(str, files))}
    check_names(galaxies["id"], "the image", LONGEST_PATH)
    check_names(galaxies["file"], "the file", LONGEST_PATH)
    return _pieces(pd.DataFrame(galaxies), None)


def positions_in(
    catalogue: Path, mosaics: Sequence[Path], bands: Sequence[str] = GREY
) -> list[StampBatch]:
    """Return the work of cutting stamps around positions, mosaic by mosaic.

    Parameters
    ----------
    catalogue : path
        A table with columns ``id``, ``ra`` and ``dec`` (degrees, or the unit that the table
        gives) in any case; see `galopt.data.tables.FORMATS`.
    mosaics : sequence of path
        FITS images with celestial coordinates. A galaxy is cut from the one in which it
        lies deepest, memory-mapped; in none, it will be rejected as outside. ``{band}`` in a
        name stands for each band's: a mosaic per band, of the same pixels.
    bands : sequence of str
        Planes of the stamps.

    Raises
    ------
    DataError
        A file is missing or not what it must be.
    """
    galaxies = read_catalogue(catalogue)
    files = [[Path(name) for name in band_files({"file": str(m)}, bands)] for m in mosaics]
    for number, of_bands in enumerate(files):
        if len(of_bands) < len(bands):
            raise DataError(
                f"{mosaics[number]}: the model sees {', '.join(bands)}; give one mosaic per band, "
                "with {band} where its name stands"
            )
        for file in of_bands:
            check_mosaic(file)
    ra, dec = galaxies["ra"].to_numpy(), galaxies["dec"].to_numpy()
    last = [of_bands[-1] for of_bands in files]
    inside = assign_tiles(last, ra, dec)
    if (inside < 0).all() and ra.max() < 24 and (assign_tiles(last, 15 * ra, dec) >= 0).any():
        raise DataError(f"{catalogue}: ra is in hours; give degrees, or a table with the unit")
    names = np.array([*map(str, mosaics), ""], object)  # one text for all galaxies of a mosaic
    galaxies["file"] = pd.Series(names[inside], galaxies.index, object)
    tiles = [(number, mosaics[number] if number >= 0 else None) for number in np.unique(inside)]
    return [piece for number, tile in tiles for piece in _pieces(galaxies[inside == number], tile)]


def stored_in(
    dataset: Dataset, model: MorphologyModel
) -> Iterator[tuple[NDArray[np.uint8], pd.DataFrame]]:
    """Yield the stored stamps and catalogue rows of a dataset, some hundred at a time.

    Raises
    ------
    DataError
        Its stamps are not what the model sees.
    """
    if (dataset.side, dataset.bands) != (model.side, list(model.bands)):
        raise DataError(
            f"{dataset.folder}: stamps of {dataset.side} px, {', '.join(dataset.bands)}; the model "
            f"sees {model.side} px, {', '.join(model.bands)}"
        )
    for start in range(0, len(dataset.catalog), _STORED):
        rows = slice(start, start + _STORED)
        yield np.array(dataset.images[rows]), dataset.catalog.iloc[rows]


def read_catalogue(path: Path) -> pd.DataFrame:
    """Read ``id`` (text), ``ra`` and ``dec`` (degrees) of a table.

    Raises
    ------
    DataError
        The file is no table, a column is missing or could be either of two, or a position is
        not on the sky.
    """
    table = rename_keys(read_table(path), _COLUMNS, path)
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        have = ", ".join(column_names(table))
        raise DataError(f"{path}: no column {' and '.join(missing)}; there are {have}")
    check_names(table["id"], f"{path}: the id")
    return check_positions(table[_COLUMNS], path, blank=False).reset_index(drop=True)


def _pieces(galaxies: pd.DataFrame, tile: Path | None) -> list[StampBatch]:
    starts = range(0, len(galaxies), TOGETHER)
    return [StampBatch(galaxies.iloc[start : start + TOGETHER], tile) for start in starts]
