"""The light of simulated sources, painted with GalSim at the resolution of the mosaic."""

from collections.abc import Iterator
from functools import cache

import galsim
import numpy as np
import pandas as pd
from scipy.special import gamma

from galopt.data.survey.simulated.bands import F160W, Band
from galopt.data.survey.simulated.population import Source, sources_of

SCALE = 0.06
"""Pixel of the CANDELS F160W mosaics, arcsec (Koekemoer et al. 2011, section 5)."""

STRUCTURED = 24.5
"""Fainter sources (H, AB mag) are painted as plain Sersic profiles."""

CLUMPY = 0.8
"""Share of a fully disturbed disk's light that lies in clumps and a displaced lobe."""

FAINTEST_LIGHT = 7e-4
"""Light down to which a source is painted, e-/s per px: a quarter of the least noise."""

BRIGHT_NUCLEUS = 10.0
"""A nucleus brighter than this, e-/s, shows the telescope's outer wings and spikes."""

_SPEED = galsim.GSParams(
    folding_threshold=1.0e-2, maxk_threshold=5.0e-3, kvalue_accuracy=1.0e-4, minimum_fft_size=32
)


@cache
def psf(band: Band = F160W) -> galsim.GSObject:
    """Return the mosaic's point-spread function (FWHM 0.20 arcsec in F160W), pixel included.

    The telescope's optics (2.4 m, four struts), the detector's pixel, charge diffusion, and
    the drizzle drop (pixfrac 0.8) and output pixel of 0.06 arcsec (Koekemoer et al. 2011,
    section 5).
    """
    parts = [
        galsim.OpticalPSF(
            lam=band.wavelength,
            diam=2.4,
            obscuration=0.36,
            nstruts=4,
            strut_thick=0.04,
            strut_angle=45 * galsim.degrees,
        ),
        galsim.Pixel(band.pixel),
        galsim.Gaussian(sigma=0.025),
        galsim.Pixel(0.102),
        galsim.Pixel(SCALE),
    ]
    return _tapered(galsim.Convolve(parts), 512)


@cache
def _narrow_psf(band: Band) -> galsim.GSObject:
    """Return the same without the faint outer wings: three times faster to paint with."""
    return _tapered(psf(band), 112)


class _Telescope(galsim.InterpolatedImage):
    """A point-spread function that is transformed once for each size of image, not each source.

    There are about ten sizes, 18 MB of transforms.
    """

    def __init__(self, image: galsim.Image) -> None:
        super().__init__(image, flux=1, gsparams=_SPEED)
        self._transforms: dict[tuple[object, ...], np.ndarray] = {}

    def _drawKImage(self, image: galsim.Image, jac: np.ndarray | None = None) -> None:
        size = image.bounds, image.scale, None if jac is None else jac.tobytes()
        if size not in self._transforms:
            super()._drawKImage(image, jac)
            self._transforms[size] = image.array.copy()
        image.array[:] = self._transforms[size]


def _tapered(profile: galsim.GSObject, size: int) -> galsim.GSObject:
    """Return a profile tabulated at 0.03 arcsec and faded out towards a circular edge."""
    drawn = profile.drawImage(nx=size, ny=size, scale=0.03, method="no_pixel")
    y, x = np.indices((size, size)) - (size - 1) / 2
    edge = np.clip((size / 2 - np.hypot(x, y)) / (size / 6), 0, 1)
    drawn.array[:] *= edge * edge * (3 - 2 * edge)
    return _Telescope(drawn)


def paint_sources(
    sources: pd.DataFrame, rng: np.random.Generator, tile: np.ndarray, band: Band = F160W
) -> Iterator[np.ndarray]:
    """Paint sources onto a tile, one by one.

    Parameters
    ----------
    sources : DataFrame
        One row a source, with the columns of `Source`.
    rng : Generator
        Draws the places of clumps, lobes and arms.
    tile : ndarray
        e-/s per pixel, float32, (side, side); the light is added in place.
    band : Band
        The colours of bulges, disks, clumps and stars, and how sharp they are seen.

    Yields
    ------
    ndarray
        A source's own light, e-/s per pixel, float32, square, its centre on the source.
    """
    canvas = galsim.ImageF(tile, xmin=0, ymin=0)
    for source in sources_of(sources):
        profile, size = _profile(source, rng, band)
        x, y = round(source.x), round(source.y)
        bounds = galsim.BoundsI(x - size, x + size, y - size, y + size)
        stamp = profile.drawImage(
            image=galsim.ImageF(bounds),
            scale=SCALE,
            method="no_pixel",
            center=galsim.PositionD(source.x, source.y),
        )
        seen = bounds & canvas.bounds
        canvas[seen] += stamp[seen]
        yield stamp.array


def _profile(source: Source, rng: np.random.Generator, band: Band) -> tuple[galsim.GSObject, int]:
    """Return a source's light after the PSF and the half side of its stamp, px."""
    flux = 10 ** (-0.4 * (source.h_mag - band.zero_point))
    if source.star:
        return psf(band) * (flux * _ratio(band.star)), int(_spikes(source.h_mag))
    faint = source.h_mag > STRUCTURED
    parts = _plain(source) if faint else _structured(source, rng, band)
    light = sum(parts[1:], parts[0]).withFlux(flux * _colour(source, band, faint))
    reach = max(_reaches(source, flux))
    blur = psf(band) if source.point * flux > BRIGHT_NUCLEUS else _narrow_psf(band)
    return galsim.Convolve(light, blur, gsparams=_SPEED), int(np.clip(reach, 10, 150)) + 4


def _reaches(source: Source, flux: float) -> Iterator[float]:
    """Yield how far bulge, disk and nucleus shine, px along the major axis."""
    yield _reach(source.n_bulge, source.re_bulge, source.q_bulge, flux * source.bulge)
    brightest = flux * (1 - source.bulge) * (1 + 4 * source.arms)
    yield _reach(source.n_disk, source.re_disk, source.q_disk, brightest)
    if source.point:
        yield _spikes(source.h_mag - 2.5 * np.log10(source.point))


def _reach(n: float, re: float, q: float, flux: float) -> float:
    """Return where a Sersic profile falls to `FAINTEST_LIGHT`, px (Graham & Driver 2005, eq. 4)."""
    b = 2 * n - 1 / 3
    middle = flux / (
        2 * np.pi * q * (re / SCALE) ** 2 * n * np.exp(b) * b ** (-2 * n) * gamma(2 * n)
    )
    return re / SCALE * max(1 + np.log(middle / FAINTEST_LIGHT) / b, 0) ** n


def _spikes(mag: float) -> float:
    """Return how far a point source of a magnitude shines, px."""
    return float(np.clip(8 * (27.5 - mag), 12, 90))


def _plain(source: Source) -> list[galsim.GSObject]:
    if source.bulge > 0.5:
        return [_sersic(2.5, source.re_bulge, source.q_bulge, source.angle, 1.0)]
    return [_sersic(1.0, source.re_disk, source.q_disk, source.angle, 1.0)]


def _structured(source: Source, rng: np.random.Generator, band: Band) -> list[galsim.GSObject]:
    body = 1 - source.point
    bulge = body * source.bulge * _ratio(band.bulge)
    disk = body * (1 - source.bulge) * _disk_ratio(source, band)
    parts = [
        _sersic(source.n_bulge, source.re_bulge, source.q_bulge, source.angle, bulge),
        _disk(source, rng, band).withFlux(disk),
    ]
    if source.point:
        nucleus = source.point * _ratio(band.clump)
        parts.append(galsim.Gaussian(sigma=0.005, flux=nucleus))
    return parts


def _ratio(colour: float) -> float:
    """Return the light in a band over that in F160W, from the difference in AB magnitude."""
    return 10 ** (-0.4 * colour)


def _colour(source: Source, band: Band, faint: bool) -> float:
    """Return a source's light in a band over that in F160W."""
    if faint:
        return _ratio(band.bulge if source.bulge > 0.5 else band.disk)
    body = 1 - source.point
    shares = body * source.bulge, body * (1 - source.bulge), source.point
    ratios = _ratio(band.bulge), _disk_ratio(source, band), _ratio(band.clump)
    return sum(s * r for s, r in zip(shares, ratios, strict=True)) / sum(shares)


def _clumpy(source: Source) -> float:
    """Return the share of a disk's light that lies in clumps and a displaced lobe."""
    return CLUMPY * source.disturbance if source.disturbance >= 0.1 else 0.0


def _disk_ratio(source: Source, band: Band) -> float:
    share = _clumpy(source)
    mixed = (1 - share) * _ratio(band.disk) + share * _ratio(band.clump)
    return mixed / ((1 - share) + share)


def _sersic(n: float, re: float, q: float, angle: float, flux: float) -> galsim.GSObject:
    """Return a Sersic profile whose major axis has half-light radius `re`."""
    round_ = galsim.Sersic(n=n, half_light_radius=re * np.sqrt(q), flux=flux, gsparams=_SPEED)
    return round_.shear(q=q, beta=angle * galsim.degrees)


def _disk(source: Source, rng: np.random.Generator, band: Band) -> galsim.GSObject:
    """Return a disk of unit flux with its spiral arms, clumps and displaced lobe."""
    if source.arms < 0.1 and source.disturbance < 0.1:
        return _sersic(source.n_disk, source.re_disk, source.q_disk, source.angle, 1.0)
    half = 64
    step = 5.0 * source.re_disk / half
    y, x = np.mgrid[-half:half, -half:half] * step
    r = np.hypot(x, y / source.q_disk)
    light = _sersic_image(r / source.re_disk, source.n_disk)
    if source.arms >= 0.1:
        light *= _spiral(x, y / source.q_disk, source, rng)
    light /= light.sum()
    if source.disturbance >= 0.1:
        share, disk, clump = _clumpy(source), _ratio(band.disk), _ratio(band.clump)
        light = (1 - share) * light * disk + share * _clumps(x, y, source, rng) * clump
    image = galsim.Image(light, scale=step)
    return galsim.InterpolatedImage(
        image, flux=1, pad_factor=1.5, x_interpolant="cubic", gsparams=_SPEED
    ).rotate(source.angle * galsim.degrees)


def _sersic_image(radius: np.ndarray, n: float) -> np.ndarray:
    """Return a Sersic surface brightness, radii in half-light radii (Ciotti & Bertin 1999)."""
    b = 2 * n - 1 / 3 + 4 / (405 * n)
    return np.exp(-b * radius ** (1 / n))


def _spiral(x: np.ndarray, y: np.ndarray, source: Source, rng: np.random.Generator) -> np.ndarray:
    """Return the brightening by logarithmic spiral arms in the plane of the disk."""
    count = rng.choice([2, 2, 2, 3, 4])
    pitch = np.radians(rng.uniform(14, 30)) * rng.choice([-1, 1])
    r = np.hypot(x, y) / source.re_disk + 1e-3
    phase = count * (np.arctan2(y, x) - np.log(r) / np.tan(pitch)) + rng.uniform(0, 2 * np.pi)
    ridge = np.exp(2.5 * (np.cos(phase) - 1))
    patchy = 1 + 0.6 * np.cos(rng.uniform(4, 8) * r + rng.uniform(2, 5) * np.arctan2(y, x))
    grow = np.clip((r - 0.3) / 0.7, 0, 1)
    return 1 - 0.6 * source.arms * grow + 4.0 * source.arms * grow * ridge * patchy


def _clumps(x: np.ndarray, y: np.ndarray, source: Source, rng: np.random.Generator) -> np.ndarray:
    """Return the light, summing to one, of 2 to 5 clumps and a displaced lobe."""
    count = rng.integers(2, 6)
    r = source.re_disk * np.sqrt(rng.uniform(0.4, 3.5, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    lobe = rng.uniform(0, 2 * np.pi)
    aside = 1.3 * source.re_disk
    centre_x = np.append(r * np.cos(angle), aside * np.cos(lobe))
    centre_y = np.append(r * np.sin(angle), aside * np.sin(lobe) * source.q_disk)
    width = np.maximum(source.re_disk * rng.uniform(0.12, 0.3, count), 0.05)
    width = np.append(width, 0.7 * source.re_disk)
    weight = rng.uniform(0.5, 1.5, count)
    weight = np.append(0.65 * weight / weight.sum(), 0.35)
    light = np.zeros_like(x)
    for cx, cy, w, share in zip(centre_x, centre_y, width, weight, strict=True):
        blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * w**2))
        light += share * blob / max(blob.sum(), 1e-9)
    return light / light.sum()
