"""Rejected files as images, as far as they can be shown."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.data.imaging.image_files import read_image
from galopt.data.imaging.mosaic import Mosaic

FIELD = 84
_SIDE = 84


def pictures(rejected: pd.DataFrame, survey: Path) -> list[NDArray[np.uint8] | None]:
    """Return an image in grey of each rejected image, None where there is nothing to show.

    Parameters
    ----------
    rejected : DataFrame
        ``id`` and ``file``: an image, or the tile of the survey that holds the position.
    survey : path
        The survey's folder, with `votes.csv` and perhaps `tiles/`.
    """
    places = pd.DataFrame(columns=["id", "ra", "dec"])
    if (survey / "votes.csv").exists():
        places = pd.read_csv(survey / "votes.csv", dtype={"id": str})
    places = places.drop_duplicates("id").set_index("id")
    named = zip(rejected.id.astype(str), rejected.file.astype(str), strict=True)
    return [_picture(name, file, places, survey) for name, file in named]


def _picture(name: str, file: str, places: pd.DataFrame, survey: Path) -> NDArray[np.uint8] | None:
    tile = survey / "tiles" / file
    try:
        if file == tile.name and tile.is_file():  # an image of a folder has its whole path
            ra, dec = places.loc[name, ["ra", "dec"]].to_numpy(float)
            with Mosaic(tile) as mosaic:
                return _grey(mosaic.cut(float(ra), float(dec), FIELD))
        return _grey(read_image(file).pixels)
    except (ValueError, KeyError, OSError):
        return None


def _grey(image: NDArray) -> NDArray[np.uint8]:
    """Return an image between its percentiles, thinned to about 84 px a side."""
    image = image if image.ndim == 2 else image.mean(axis=2)
    step = max(1, min(image.shape) // _SIDE)
    values = np.nan_to_num(image[::step, ::step].astype(np.float32))
    low, high = np.percentile(values, [1, 99])
    scaled = (values - low) / max(high - low, 1e-12)
    return np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
