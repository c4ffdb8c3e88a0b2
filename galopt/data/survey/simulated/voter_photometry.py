"""What a voter's image of a simulated galaxy shows."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from scipy.ndimage import map_coordinates

from galopt.data.imaging.photometry import background, measure
from galopt.data.survey.simulated.paint import SCALE
from galopt.data.survey.simulated.population import sources_of

LOOK = 42
"""Half side of the cut-out that a voter sees, px."""

SOFTENING = 3.0
"""Light, background sigmas, at which a voter's image turns from linear to logarithmic."""


def outlined(
    image: np.ndarray, voted: pd.DataFrame, alone: Sequence[np.ndarray], sigma: np.ndarray
) -> pd.DataFrame:
    """Measure the light within galaxies' own outlines, as it is without noise.

    An outline is where a galaxy alone rises above the noise. What its neighbours shine into
    it counts, because nobody can tell it from the galaxy.

    Parameters
    ----------
    image : ndarray
        A tile with every source and no noise, e-/s, (side, side).
    voted : DataFrame
        The galaxies, with the columns of `galopt.data.survey.simulated.population.Source`.
    alone : sequence of ndarray
        The light of each galaxy alone, e-/s, square, its centre on the galaxy.
    sigma : ndarray
        Noise of each row of the tile, e-/s, (side,).

    Returns
    -------
    DataFrame
        Columns of `galopt.data.imaging.photometry.Photometry` with the prefix `own_`, `r50` in
        arcsec, the asymmetry that of `lopsided`; and `own_share`, the galaxy's own part of the
        light, 0 to 1.
    """
    rows = []
    reach = max((len(light) // 2 for light in alone), default=0)
    scene = np.pad(image, reach)
    for galaxy, light in zip(sources_of(voted), alone, strict=True):
        noise, half = sigma[round(galaxy.y)], len(light) // 2
        x, y = round(galaxy.x) + reach, round(galaxy.y) + reach
        inside = light > min(noise, 0.5 * light.max())
        around = scene[y - half : y + half + 1, x - half : x + half + 1]
        seen = np.where(inside, around, 0)
        shape = asdict(measure(seen, 0, noise))
        middle = galaxy.x - round(galaxy.x), galaxy.y - round(galaxy.y)
        asymmetry = lopsided(np.arcsinh(around / (SOFTENING * noise)), middle, shape["r50"])
        share = min(light[inside].sum() / seen.sum(), 1.0)
        rows.append(shape | {"asymmetry": asymmetry, "share": share})
    own = pd.DataFrame(rows).add_prefix("own_")
    own["own_r50"] *= SCALE
    return own


def lopsided(picture: np.ndarray, middle: tuple[float, float], width: float) -> float:
    """Return what half a turn about a galaxy's position does not map onto itself.

    The asymmetry of Conselice (2003), but about the galaxy's own middle, not about where it is
    least, and under a Gaussian window instead of to an edge: a voter knows neither.

    Parameters
    ----------
    picture : ndarray
        Stretched light, float, (2 half + 1, 2 half + 1).
    middle : (float, float)
        The galaxy's x and y, px from the centre of the image.
    width : float
        Sigma of the window, px; the radius of half the galaxy's light.

    Returns
    -------
    float
        Share of the light, 0 to 1.
    """
    row, column = np.indices(picture.shape, dtype=np.float32)
    y, x = (np.float32(len(picture) // 2 + shift) for shift in reversed(middle))
    opposite = map_coordinates(picture, [2 * y - row, 2 * x - column], order=1, mode="nearest")
    window = np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * width**2))
    differing = (window * np.abs(picture - opposite)).sum()
    return float(differing / max((window * np.abs(picture)).sum(), 1e-9) / 2)


def observed(image: np.ndarray, voted: pd.DataFrame) -> pd.DataFrame:
    """Measure what each galaxy shows on the noisy image; `r50` in arcsec.

    Parameters
    ----------
    image : ndarray
        The tile with its noise and artefacts, e-/s, (side, side).
    voted : DataFrame
        The galaxies, with the columns of `galopt.data.survey.simulated.population.Source`.
    """
    rows = []
    for galaxy in sources_of(voted):
        x, y = round(galaxy.x), round(galaxy.y)
        cutout = image[y - LOOK : y + LOOK, x - LOOK : x + LOOK]
        rows.append(asdict(measure(cutout, *background(cutout))))
    seen = pd.DataFrame(rows)
    seen["r50"] *= SCALE
    return seen
