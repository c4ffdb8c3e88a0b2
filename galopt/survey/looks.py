"""What a voter's picture of a simulated galaxy shows."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from galopt.photometry import background, measure
from galopt.survey.paint import SCALE
from galopt.survey.population import sources_of

LOOK = 42
"""Half side of the cut-out that a voter sees, px."""

SOFTENING = 3.0
"""Light, background sigmas, at which a voter's picture turns from linear to logarithmic."""


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
        The galaxies, with the columns of `galopt.survey.population.Source`.
    alone : sequence of ndarray
        The light of each galaxy alone, e-/s, square, its centre on the galaxy.
    sigma : ndarray
        Noise of each row of the tile, e-/s, (side,).

    Returns
    -------
    DataFrame
        Columns of `galopt.photometry.Photometry` with the prefix `own_`, `r50` in arcsec,
        the asymmetry that of the stretched picture; and `own_share`, the galaxy's own part
        of the light, 0 to 1.
    """
    rows = []
    reach = max((len(light) // 2 for light in alone), default=0)
    scene = np.pad(image, reach)
    for galaxy, light in zip(sources_of(voted), alone, strict=True):
        noise, half = sigma[round(galaxy.y)], len(light) // 2
        x, y = round(galaxy.x) + reach, round(galaxy.y) + reach
        inside = light > min(noise, 0.5 * light.max())
        seen = np.where(inside, scene[y - half : y + half + 1, x - half : x + half + 1], 0)
        shape = asdict(measure(seen, 0, noise, noiseless=True))
        stretched = np.arcsinh(seen / (SOFTENING * noise))
        looks = measure(stretched, 0, np.arcsinh(1 / SOFTENING), noiseless=True)
        share = min(light[inside].sum() / seen.sum(), 1.0)
        rows.append(shape | {"asymmetry": looks.asymmetry, "share": share})
    own = pd.DataFrame(rows).add_prefix("own_")
    own["own_r50"] *= SCALE
    return own


def observed(image: np.ndarray, voted: pd.DataFrame) -> pd.DataFrame:
    """Measure what each galaxy shows on the noisy image; `r50` in arcsec.

    Parameters
    ----------
    image : ndarray
        The tile with its noise and artefacts, e-/s, (side, side).
    voted : DataFrame
        The galaxies, with the columns of `galopt.survey.population.Source`.
    """
    rows = []
    for galaxy in sources_of(voted):
        x, y = round(galaxy.x), round(galaxy.y)
        cutout = image[y - LOOK : y + LOOK, x - LOOK : x + LOOK]
        rows.append(asdict(measure(cutout, *background(cutout))))
    seen = pd.DataFrame(rows)
    seen["r50"] *= SCALE
    return seen
