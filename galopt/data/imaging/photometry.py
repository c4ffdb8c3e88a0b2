"""What the light of one galaxy's cut-out shows: brightness, size, shape."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, label, map_coordinates

_SMOOTH = 1.5
_THRESHOLD = 1.0
_NARROW = 3.0
_PARTS = 4
"""Parts of a pixel's side in the growth of the light: whole pixels blur radii of a few px."""
_HALF_OF_GAUSSIAN = 1.1774
"""Radius of half the light of a round Gaussian, in its sigmas: sqrt(2 ln 2)."""


@dataclass(frozen=True)
class Photometry:
    """Quantities measured on one cut-out.

    Attributes
    ----------
    flux : float
        Light of the central source, units of the image.
    snr : float
        Flux over the background noise within the source's area.
    r50 : float
        Radius of half the light, px.
    concentration : float
        5 log10(r80 / r20) (Conselice 2003).
    asymmetry : float
        Light that half a turn does not map onto itself, background removed, as a share of
        the light (Conselice 2003).
    axis_ratio : float
        Minor over major axis from second moments, 0 to 1.
    area : float
        Pixels of the source.
    """

    flux: float
    snr: float
    r50: float
    concentration: float
    asymmetry: float
    axis_ratio: float
    area: float


def background(image: np.ndarray) -> tuple[float, float]:
    """Return the level and the noise of an image's background.

    Parameters
    ----------
    image : ndarray
        Any unit, float, (H, W). Pixels that are exactly zero or not finite hold no data.

    Returns
    -------
    level, sigma : float
        Median and 1.4826 median absolute deviations of what five rounds of clipping at
        3 sigma leave.

    Raises
    ------
    ValueError
        No two different pixels hold data.
    """
    values = np.sort(image[np.isfinite(image) & (image != 0)])
    if values.size == 0:
        raise ValueError("blank: no pixel holds data")
    for _ in range(5):
        level = _middle(values)
        away = np.abs(values - level)  # falls, then rises: two runs, which a stable sort merges
        sigma = 1.4826 * _middle(np.sort(away, kind="stable"))
        keep = away <= 3 * sigma
        if keep.all():
            break
        values = values[keep]
    if sigma == 0:
        raise ValueError("blank: the background is one constant value")
    return float(level), float(sigma)


def _middle(ordered: np.ndarray) -> np.floating:
    """Return the median of values in ascending order."""
    count = len(ordered)
    return ordered[(count - 1) // 2 : count // 2 + 1].mean()


def measure(image: np.ndarray, level: float, sigma: float) -> Photometry:
    """Measure the source nearest to the centre of a cut-out.

    The source is the group of pixels above one sigma, after smoothing by 1.5 px, that lies
    nearest to the centre; if there is none within 8 px, the central circle of 4 px.

    Parameters
    ----------
    image : ndarray
        Any unit, float, (H, W), finite.
    level, sigma : float
        Background level and noise, from `background`.

    Returns
    -------
    Photometry
        The quantities.
    """
    light = image - level
    inside, x, y = _source(light, sigma)
    values = light[inside]
    flux = max(float(values.sum()), sigma)
    weight = np.maximum(values, 0) + 1e-12
    cx, cy = np.average(x, weights=weight), np.average(y, weights=weight)
    r20, r50, r80 = _growth(x - cx, y - cy, values)
    area = float(values.size)
    return Photometry(
        flux=flux,
        snr=flux / (sigma * np.sqrt(area)),
        r50=r50,
        concentration=5 * np.log10(r80 / r20),
        asymmetry=_asymmetry(light, inside, cx, cy, sigma),
        axis_ratio=_axis_ratio(x - cx, y - cy, weight),
        area=area,
    )


def centroid(image: np.ndarray, level: float, sigma: float) -> tuple[float, float]:
    """Find the centre of the light of the source nearest to the centre of a cut-out.

    The mean position of the light under a Gaussian window that moves along with it until it
    rests, as SExtractor's XWIN_IMAGE (Bertin & Arnouts 1996; its manual, "Windowed positional
    parameters"). The window starts at the centre, `_NARROW` wide, and then takes the width of
    the half light that it has found, so a neighbour hardly counts even if it touches.

    Parameters
    ----------
    image : ndarray
        Any unit, float, (H, W), finite.
    level, sigma : float
        Background level and noise, from `background`.

    Returns
    -------
    x, y : float
        px from the centre of the cut-out; (0, 0) if the light leads further away than a
        quarter of its side.
    """
    light = image - level
    inside, x, y = _source(light, sigma)
    values = light[inside]
    centre = _rest(x, y, values, (0.0, 0.0), _NARROW)
    near = np.hypot(x - centre[0], y - centre[1])
    core = near <= 3 * _NARROW
    if not core.any():
        return 0.0, 0.0
    r50 = _growth(x[core] - centre[0], y[core] - centre[1], values[core])[1]
    centre = _rest(x, y, values, centre, max(r50 / _HALF_OF_GAUSSIAN, 1.0))
    return centre if np.hypot(*centre) <= min(image.shape) / 4 else (0.0, 0.0)


def _rest(
    x: np.ndarray, y: np.ndarray, light: np.ndarray, start: tuple[float, float], width: float
) -> tuple[float, float]:
    """Move a Gaussian window by twice the mean position of the light in it until it rests."""
    cx, cy = start
    for _ in range(50):
        weight = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2)) * light
        total = weight.sum()
        if total <= 0:
            break
        dx, dy = 2 * (weight * (x - cx)).sum() / total, 2 * (weight * (y - cy)).sum() / total
        cx, cy = cx + dx, cy + dy
        if np.hypot(dx, dy) < 0.01:
            break
    return float(cx), float(cy)


def _source(light: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which pixels the central source covers, and their x and y, px from the centre."""
    y, x = np.indices(light.shape, dtype=np.float32)
    y, x = y - (light.shape[0] - 1) / 2, x - (light.shape[1] - 1) / 2
    radius = np.hypot(x, y)
    groups, count = label(gaussian_filter(light, _SMOOTH) > _THRESHOLD * sigma)
    nearest = np.where(groups > 0, radius, np.inf)
    at = np.unravel_index(np.argmin(nearest), nearest.shape)
    if count == 0 or nearest[at] > 8:
        inside = radius <= 4
    else:
        inside = (groups == groups[at]) | (radius <= 2)
    return inside, x[inside], y[inside]


def _growth(x: np.ndarray, y: np.ndarray, values: np.ndarray) -> tuple[float, float, float]:
    """Return the radii of 20, 50 and 80 % of the light, which lies evenly over a pixel."""
    within = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
    radius = np.hypot(
        x[:, None, None] + within[:, None], y[:, None, None] + within[None, :]
    ).ravel()
    order = np.argsort(radius)
    grown = np.maximum.accumulate(np.cumsum(np.repeat(values, _PARTS**2)[order]))
    levels = np.array([0.2, 0.5, 0.8]) * grown[-1]
    r20, r50, r80 = np.interp(levels, grown, radius[order])
    return max(float(r20), 0.5), max(float(r50), 0.7), max(float(r80), 1.0)


def _asymmetry(light: np.ndarray, inside: np.ndarray, cx: float, cy: float, sigma: float) -> float:
    """Compare with the light at half a turn about (cx, cy), interpolated between pixels."""
    row, column = np.nonzero(inside)
    middle_y, middle_x = (light.shape[0] - 1) / 2, (light.shape[1] - 1) / 2
    opposite = [2 * (cy + middle_y) - row, 2 * (cx + middle_x) - column]
    values, turned = light[row, column], map_coordinates(light, opposite, mode="nearest")
    noise = 2 * sigma / np.sqrt(np.pi) * values.size
    return float((np.abs(values - turned).sum() - noise) / max(np.abs(values).sum(), 1e-9) / 2)


def _axis_ratio(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    moments = np.cov(np.stack([x, y]), aweights=weight, ddof=0)
    small, large = np.linalg.eigvalsh(moments)
    return float(np.sqrt(max(small, 1e-6) / max(large, 1e-6)))
