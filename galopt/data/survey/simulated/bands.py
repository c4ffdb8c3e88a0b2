"""The bands of the simulated survey: how each telescope sees, and what colours galaxies have."""

from dataclasses import dataclass

from galopt.config.data import SimulatedBand


@dataclass(frozen=True)
class Band:
    """One band.

    Attributes
    ----------
    zero_point : float
        AB magnitude of 1 e-/s: of the CANDELS mosaics.
    wavelength : float
        nm, which sets the width of the point-spread function.
    pixel : float
        Side of a detector's pixel, arcsec (ACS Instrument Handbook; WFC3 Instrument Handbook).
    bulge, disk, clump, star : float
        Magnitude in this band less that in F160W, AB, of old stars, of a disk that forms
        stars, of young clumps, and of a star of our Galaxy. Chosen by hand as of galaxies at
        a redshift of about 1.2; not fitted.
    """

    zero_point: float
    wavelength: float
    pixel: float
    bulge: float
    disk: float
    clump: float
    star: float


F160W = Band(25.956, 1537, 0.128, 0.0, 0.0, 0.0, 0.0)

BANDS: dict[SimulatedBand, Band] = {
    "F606W": Band(26.49, 592, 0.05, 3.2, 1.6, 0.6, 1.8),
    "F850LP": Band(24.86, 903, 0.05, 1.7, 0.9, 0.4, 0.4),
    "F125W": Band(26.23, 1249, 0.128, 0.5, 0.3, 0.1, 0.0),
    "F160W": F160W,
}
