"""The CANDELS survey: the published F160W mosaic of one field, and people's votes."""

import logging
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from galopt.compute.parallel import map_cores
from galopt.config import Candels
from galopt.data.imaging.cutout import holds_data
from galopt.data.imaging.mosaic import Mosaic, assign_tiles, check_mosaic
from galopt.data.survey.candels import galaxy_zoo, kartaltepe
from galopt.data.survey.candels.download import Fetched, fetch
from galopt.errors import ConfigError, DataError
from galopt.files import write_json

logger = logging.getLogger(__name__)

_ARCHIVE = "https://archive.stsci.edu/pub/hlsp/candels"
_MOSAIC = "v1.0/hlsp_candels_hst_wfc3_{}_f160w_v1.0_drz.fits"
MOSAICS = {
    "goods-s": f"{_ARCHIVE}/goods-s/gs-tot/{_MOSAIC.format('gs-tot')}",
    "cosmos": f"{_ARCHIVE}/cosmos/cos-tot/{_MOSAIC.format('cos-tot')}",
    "uds": f"{_ARCHIVE}/uds/uds-tot/{_MOSAIC.format('uds-tot')}",
    "egs": f"{_ARCHIVE}/egs/egs-tot/{_MOSAIC.format('egs-tot-60mas')}",
}
"""Mosaics of 0.06 arcsec per px (Koekemoer et al. 2011), about 1.5 GB each.

The file names are those of the release; the folders of all but GOODS-S follow its pattern.
"""

VOTES = {
    "kartaltepe": (kartaltepe, kartaltepe.read_kartaltepe),
    "galaxy_zoo": (galaxy_zoo, galaxy_zoo.read_galaxy_zoo),
}
_CHUNK = 32
"""Galaxies seen before a mosaic is closed, which frees what was mapped of it."""


class Look(NamedTuple):
    """Positions to look at in a mosaic, degrees, (N,), and how much of it to see, px."""

    ra: np.ndarray
    dec: np.ndarray
    field: int


def read_candels(config: Candels, field: int, out: Path) -> None:
    """Download the published survey and write it as ours.

    Parameters
    ----------
    config : Candels
        Field, votes, and where they come from.
    field : int
        Side of a cut-out, px: galaxies whose cut-out holds little data are left out.
    out : path
        An empty folder, which receives `tiles/` with a link to the mosaic, `votes.csv` and
        `survey.json`.

    Raises
    ------
    ConfigError
        The field's mosaic has no known address, or nobody voted there.
    DataError
        A file cannot be had or is wrong, or no galaxy of the votes lies on the mosaic.
    """
    address = config.mosaic or MOSAICS.get(config.field)
    if address is None:
        raise ConfigError(
            f"survey.candels.field={config.field}: the address of its mosaic is not known to "
            "galopt; give it, or a file at hand, as survey.candels.mosaic"
        )
    origin, read = VOTES[config.votes]
    if config.table is None and config.field not in origin.FIELDS:
        raise ConfigError(
            f"survey.candels.field={config.field}: {config.votes} has votes of "
            f"{', '.join(origin.FIELDS)} only; choose one, or others with survey.candels.votes"
        )
    table = fetch(config.table or origin.ADDRESS, config.table_sha256, read)
    mosaic = fetch(address, config.mosaic_sha256, check_floats)
    votes = _on_mosaic(read(table.path), mosaic, field)
    (out / "tiles").mkdir()
    (out / "tiles" / "mosaic.fits").symlink_to(mosaic.path)
    votes.to_csv(out / "votes.csv", index=False, float_format="%.7f")
    survey = {
        "source": "candels",
        "name": f"CANDELS {config.field.upper()}, {origin.VOTERS}",
        "targets": list(votes.columns[4:]),
        "files": {
            name: {"address": file.address, "sha256": file.sha256}
            for name, file in (("mosaic", mosaic), ("votes", table))
        },
    }
    write_json(out / "survey.json", survey)


def check_floats(path: Path) -> None:
    """Raise a DataError unless a file is a mosaic (`check_mosaic`) that can be mapped."""
    with path.open("rb") as stream:
        start = stream.read(30)
    if not start.startswith(b"SIMPLE  ="):
        raise DataError(f"{path}: not a FITS file, it begins with {start!r}")
    header = check_mosaic(path)
    if header["BITPIX"] > 0 or (header.get("BSCALE", 1), header.get("BZERO", 0)) != (1, 0):
        raise DataError(f"{path}: its pixels are integers or scaled; convert them to floats")


def _on_mosaic(votes: pd.DataFrame, mosaic: Fetched, field: int) -> pd.DataFrame:
    """Return the galaxies whose cut-outs hold data, and say how many do not."""
    ra, dec = votes.ra.to_numpy(), votes.dec.to_numpy()
    inside = assign_tiles([mosaic.path], ra, dec) == 0
    here = np.flatnonzero(inside)
    looks = [Look(ra[some], dec[some], field) for some in _split(here)]
    work = partial(_seen, mosaic.path)
    seen = map_cores(work, looks, "Finding galaxies", size=lambda look: len(look.ra))
    inside[here] = np.concatenate([np.zeros(0, bool), *seen])
    lost = len(votes) - inside.sum()
    if lost == len(votes):
        raise DataError(
            f"none of the {lost} galaxies with votes lies on {mosaic.address}; "
            "is it the mosaic of their field?"
        )
    if lost:
        logger.info(
            f"{lost} of {len(votes)} galaxies lie outside the footprint of the mosaic: left out"
        )
    return votes[inside]


def _split(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]


def _seen(path: Path, look: Look) -> np.ndarray:
    """Tell for each position whether the cut-out around it holds data."""
    with Mosaic(path) as tile:
        return np.array(
            [
                holds_data(tile.cut(ra, dec, look.field))
                for ra, dec in zip(look.ra, look.dec, strict=True)
            ]
        )
