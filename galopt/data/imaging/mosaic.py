"""Cut-outs from the FITS tiles of a mosaic."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from astropy.wcs.utils import proj_plane_pixel_scales
from numpy.typing import ArrayLike
from scipy.spatial import KDTree

from galopt.data.imaging.cutout import cut_around
from galopt.data.imaging.fits_cards import read_extensions
from galopt.errors import DataError

_PROJECTION = re.compile(
    r"(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)[12]|(CD|PC)[12]_[12]|(PV|PS)[12]_\d+"
    r"|LONPOLE|LATPOLE|RADE(CSYS|SYS)|EQUINOX|EPOCH"
)

NO_SCALE = 3600.0
"""Side of a pixel, arcsec, where a header does not state it: CDELT is 1 degree by default."""


WIDE = 20.0
"""Degrees from its reference point from which on a map is too curved for `_reach`."""


def read_wcs(header: fits.Header) -> WCS:
    """Return the world coordinates of a header's first two axes without distortion.

    The drizzled CANDELS mosaics have none, but their headers keep stray SIP terms of a
    single exposure, which would move positions by 10 to 320 arcsec. They have 3,300 cards:
    reading only those of the projection takes a fiftieth of the time.
    """
    cards = [card for card in header.cards if _PROJECTION.fullmatch(card.keyword)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(fits.Header(cards), naxis=2)


def sky_image(hdus: fits.HDUList) -> fits.ImageHDU:
    """Return the map of the sky in a file: the one called SCI, else the first.

    Drizzled files keep it in an extension, with its weights beside it.

    Raises
    ------
    ValueError
        There is none.
    """
    images = [hdu for hdu in hdus if hdu.is_image and len(hdu.shape) == 2]
    maps = [hdu for hdu in images if on_sky(hdu.header)]
    if not maps:
        raise ValueError("it holds no map of the sky")
    return next((hdu for hdu in maps if hdu.name == "SCI"), maps[0])


def open_fits(path: Path) -> fits.HDUList:
    """Open a FITS file whose raw cards say nothing impossible, memory-mapped.

    Raises
    ------
    ValueError
        It is no FITS file, or one that was cut; the message is the reason.
    """
    read_extensions(path)
    return fits.open(path, memmap=True)


def check_mosaic(path: Path) -> fits.Header:
    """Return the header of a whole FITS image on the sky.

    Raises
    ------
    DataError
        It is no FITS file, one that was cut, or it holds no map of the sky.
    """
    try:
        with warnings.catch_warnings(action="ignore"), open_fits(path) as hdus:
            return sky_image(hdus).header
    except Exception as error:  # damaged files raise nearly anything from the reader
        raise DataError(f"{path}: {' '.join(str(error).split())}") from None


def on_sky(header: fits.Header) -> WCS | None:
    """Return the world coordinates of a header; None where it does not say what can be."""
    try:
        wcs = read_wcs(header)
        wcs.wcs_pix2world([[0.0, 0.0]], 0)
    except Exception:  # a header may say anything
        return None
    return wcs if wcs.has_celestial else None


@dataclass(frozen=True)
class Units:
    """What a header says of its pixels.

    Attributes
    ----------
    scale : float
        Side of a pixel, arcsec; NaN if unknown.
    zero_point : float
        AB magnitude of one unit; NaN if unknown.
    """

    scale: float
    zero_point: float

    @classmethod
    def of(cls, header: fits.Header) -> "Units":
        """Read the units of a FITS header."""
        wcs = on_sky(header)
        scale = proj_plane_pixel_scales(wcs)[0] * 3600 if wcs else 0.0
        return cls(float(scale) if 0 < scale < NO_SCALE else np.nan, _zero_point(header))


def _zero_point(header: fits.Header) -> float:
    """Return the AB magnitude of one unit (WFC3 Data Handbook, section 9.1)."""
    said = [header.get(name) for name in ("PHOTFLAM", "PHOTPLAM")]
    if not all(type(value) in (int, float) and 0 < value < np.inf for value in said):
        return np.nan
    flux, pivot = np.log10(said)
    return float(-2.5 * flux - 5 * pivot - 2.408)


def assign_tiles(tiles: list[Path], ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Return for each position the tile in which it lies deepest, -1 for none.

    Parameters
    ----------
    tiles : list of path
        FITS images with celestial coordinates.
    ra, dec : ndarray
        Degrees, (N,).

    Returns
    -------
    ndarray
        Indices into `tiles`, int64, (N,).
    """
    best = np.full(len(ra), -1)
    depth = np.full(len(ra), -0.5)
    sky = _Sky(ra, dec)
    for index, path in enumerate(tiles):
        with open_fits(path) as hdus:
            image = sky_image(hdus)
        wcs = read_wcs(image.header)
        height, width = image.shape[0] - 1, image.shape[1] - 1
        near = sky.within(_reach(wcs, width, height), *wcs.wcs.crval)
        x, y = wcs.all_world2pix(ra[near], dec[near], 0)
        here = np.minimum.reduce([x, y, width - x, height - y])
        deeper = here > depth[near]
        best[near[deeper]], depth[near[deeper]] = index, here[deeper]
    return best


class _Sky:
    """Positions, degrees, found by where they are; what is no position is nowhere."""

    def __init__(self, ra: np.ndarray, dec: np.ndarray) -> None:
        self.rows = np.flatnonzero(np.isfinite(ra) & (np.abs(dec) <= 90))
        self.tree = KDTree(
            _on_sphere(ra[self.rows], dec[self.rows]), balanced_tree=False, compact_nodes=False
        )

    def within(self, angle: float, ra: float, dec: float) -> np.ndarray:
        """Return the rows of the positions within an angle of another."""
        if angle > WIDE:
            return self.rows
        chord = 2 * np.sin(np.radians(angle) / 2)
        return self.rows[self.tree.query_ball_point(_on_sphere(ra, dec), chord)]


def _on_sphere(ra: ArrayLike, dec: ArrayLike) -> np.ndarray:
    """Return the unit vectors, (..., 3), of coordinates in degrees."""
    ra, dec = np.radians(ra), np.radians(dec)
    across = np.cos(dec)
    return np.stack([across * np.cos(ra), across * np.sin(ra), np.sin(dec)], axis=-1)


def _reach(wcs: WCS, width: int, height: int) -> float:
    """Return the angle, degrees, beyond which nothing of a tile is from its reference point."""
    x, y = wcs.wcs.crpix - 1
    far = np.hypot(max(x, width - x), max(y, height - y))
    return float(1.1 * far * proj_plane_pixel_scales(wcs).max())


class Mosaic:
    """One tile, memory-mapped, from which stamps are cut.

    Parameters
    ----------
    path : path
        A FITS file that holds the tile, see `sky_image`.
    """

    def __init__(self, path: Path) -> None:
        self.hdus = open_fits(path)
        self.image = sky_image(self.hdus)
        self.wcs = read_wcs(self.image.header)
        self.units = Units.of(self.image.header)

    def __enter__(self) -> "Mosaic":
        return self

    def __exit__(self, *_: object) -> None:
        self.hdus.close()

    @property
    def data(self) -> np.ndarray:
        """The pixels, (H, W), read from the disk where they are touched."""
        return self.image.data

    def place(self, ra: float, dec: float) -> tuple[float, float]:
        """Return the position x, y, px from the centre of the first, of coordinates in degrees."""
        x, y = self.wcs.all_world2pix(ra, dec, 0)
        return float(x), float(y)

    def cut(self, ra: float, dec: float, field: int) -> np.ndarray:
        """Return a square cut-out around a position.

        Parameters
        ----------
        ra, dec : float
            Degrees.
        field : int
            Side, px.

        Returns
        -------
        ndarray
            Units of the tile, float32, (field, field); NaN beyond the tile's edge.
        """
        return cut_around(self.data, self.place(ra, dec), (0, 0), field)
