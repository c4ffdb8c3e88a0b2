"""Cut-outs from the FITS tiles of a mosaic."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from astropy.wcs.utils import proj_plane_pixel_scales

from galopt.data.imaging.cutout import cut_around
from galopt.errors import DataError

_PROJECTION = re.compile(
    r"NAXIS\d*|WCSAXES|(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)\d|(CD|PC|PV|PS)\d_\d+"
    r"|LONPOLE|LATPOLE|RADE(CSYS|SYS)|EQUINOX|EPOCH"
)


def read_wcs(header: fits.Header) -> WCS:
    """Return a header's world coordinates without distortion.

    The drizzled CANDELS mosaics have none, but their headers keep stray SIP terms of a
    single exposure, which would move positions by 10 to 320 arcsec. They have 3,300 cards:
    reading only those of the projection takes a fiftieth of the time.
    """
    cards = [card for card in header.cards if _PROJECTION.fullmatch(card.keyword)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(fits.Header(cards))


def sky_image(hdus: fits.HDUList) -> fits.ImageHDU:
    """Return the map of the sky in a file: the one called SCI, else the first.

    Drizzled files keep it in an extension, with its weights beside it.

    Raises
    ------
    ValueError
        There is none.
    """
    maps = _maps(hdus)
    if not maps:
        raise ValueError("no image in the file is a map of the sky")
    return next((hdu for hdu in maps if hdu.name == "SCI"), maps[0])


def _maps(hdus: fits.HDUList) -> list[fits.ImageHDU]:
    images = [hdu for hdu in hdus if hdu.is_image and len(hdu.shape) == 2]
    return [hdu for hdu in images if read_wcs(hdu.header).has_celestial]


def check_mosaic(path: Path) -> fits.Header:
    """Return the header of a whole FITS image on the sky.

    Raises
    ------
    DataError
        It is no FITS file, one that was cut, or it holds no map of the sky.
    """
    try:
        with warnings.catch_warnings(action="ignore"), fits.open(path, memmap=True) as hdus:
            image = sky_image(hdus) if _maps(hdus) else None
            info = (hdus[0] if image is None else image).fileinfo()
        with path.open("rb") as stream:
            packed = stream.read(6) != b"SIMPLE"
    except Exception as error:  # damaged files raise nearly anything from the reader
        raise DataError(f"{path}: not a FITS file ({' '.join(str(error).split())})") from None
    size, needed = path.stat().st_size, info["datLoc"] + info["datSpan"]
    if size < needed and not packed:
        raise DataError(f"{path}: the FITS file is cut, {size} bytes of {needed}")
    if image is None:
        raise DataError(f"{path}: it holds no map of the sky")
    return image.header


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
        wcs = read_wcs(header)
        scale = proj_plane_pixel_scales(wcs)[0] * 3600 if wcs.has_celestial else np.nan
        return cls(float(scale), _zero_point(header))


def _zero_point(header: fits.Header) -> float:
    """Return the AB magnitude of one unit (WFC3 Data Handbook, section 9.1)."""
    if not {"PHOTFLAM", "PHOTPLAM"} <= set(header):
        return np.nan
    flux, pivot = np.log10([header["PHOTFLAM"], header["PHOTPLAM"]])
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
    for index, path in enumerate(tiles):
        with fits.open(path, memmap=True) as hdus:
            image = sky_image(hdus)
        wcs = read_wcs(image.header)
        height, width = image.shape[0] - 1, image.shape[1] - 1
        level = np.flatnonzero(np.abs(dec - wcs.wcs.crval[1]) <= _reach(wcs, width, height))
        x, y = wcs.all_world2pix(ra[level], dec[level], 0)
        here = np.minimum.reduce([x, y, width - x, height - y])
        deeper = here > depth[level]
        best[level[deeper]], depth[level[deeper]] = index, here[deeper]
    return best


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
        self.hdus = fits.open(path, memmap=True)
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
