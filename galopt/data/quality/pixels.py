"""What the pixels of the stamps tell: blank, saturated, cut off, seen before."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from galopt.data.dataset import open_images
from galopt.data.quality.finding import Finding, count, finding
from galopt.data.quality.near_pairs import near_pairs

BLOCK = 500
"""Stamps in memory at a time."""

CONTRAST = 8
"""Grey levels between the 1st and the 99th percentile below which a stamp shows nothing."""

SATURATED = 0.02
"""Share of white pixels above which a stamp's galaxy has lost its inner structure."""

FLAT = 0.1
"""Share of pixels in areas of one grey (neither black nor white) above which sky is missing."""

GRAIN = 1.0
"""Grey levels of noise (standard deviation) below which an even sky is not a missing one."""

FAINT = 3.0
"""Signal-to-noise ratio below which nobody can vote."""

ALIKE = 0.6
"""Correlation of two stamps' fine structure above which they show the same exposure."""

_DIRECTIONS = 128
_CANDIDATE = 0.7


def scan(images: Path) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Measure every stamp, block by block.

    Parameters
    ----------
    images : path
        The `.npy` file of the dataset, (N, S, S, C), uint8.

    Returns
    -------
    table : DataFrame
        ``contrast`` (grey levels), ``white``, ``flat`` (shares of pixels) and ``digest``.
    prints : array, shape (N, 128), float32
        Unit vectors; the cosine of two is about the correlation of their `grain`.
    """
    rows: list[dict[str, object]] = []
    prints = np.empty((len(open_images(images)), _DIRECTIONS), np.float32)
    for block in _blocks(images):
        for stamp in block:
            low, high = np.percentile(stamp, [1, 99], axis=(0, 1))
            rows.append(
                {
                    "contrast": (high - low).max(),
                    "white": np.mean((stamp == 255).all(axis=-1)),
                    "flat": _flat(stamp),
                    "digest": hash(stamp.tobytes()),
                }
            )
        prints[len(rows) - len(block) : len(rows)] = prints_of(block)
    return pd.DataFrame(rows), prints


def prints_of(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the print of each stamp, (N, 128), a random projection of its `grain`."""
    pattern = grain(stamps).reshape(len(stamps), -1)
    return _unit(pattern @ _projection(pattern.shape[1]))


def fine_structure(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what identifies an exposure: its noise and small features, (N, S, S, C), float32.

    The smooth light is removed and the rest clipped, so that a bright core, which many
    galaxies share, counts no more than the noise, which no two exposures share.
    """
    values = stamps.astype(np.float32)
    return _clipped(values - _smooth(values, 2), 0.5)


def grain(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what is a few pixels wide in stamps, (N, S, S, C), float32, clipped likewise.

    Compressing, shifting and resampling change an image from pixel to pixel. Where they leave
    copies that `same_exposure` knows, the prints of this have a cosine of 0.77 and more; those of
    different galaxies hardly ever reach 0.7 (`benchmarks/near_duplicates.py`).
    """
    values = stamps.astype(np.float32)
    return _clipped(_smooth(values, 1) - _smooth(values, 3), 0.25)


def _smooth(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    return gaussian_filter(values, (0, width, width, 0))


def _clipped(values: NDArray[np.float32], least: float) -> NDArray[np.float32]:
    spread = np.maximum(np.median(np.abs(values), axis=(1, 2), keepdims=True), least)
    return np.clip(values, -2 * spread, 2 * spread)


def check_pixels(table: pd.DataFrame, catalog: pd.DataFrame) -> Iterator[Finding]:
    """Yield what is wrong with single stamps.

    Parameters
    ----------
    table : DataFrame
        From `scan`.
    catalog : DataFrame
        Of the dataset, in the order of the images.
    """
    blank = np.flatnonzero(table.contrast < CONTRAST)
    if len(blank):
        yield finding(
            "warning",
            f"{count(len(blank), 'stamp')} with nearly no contrast",
            "There is nothing to see: the image is blank, or stamps.white is far too high.",
            blank,
            [f"{table.contrast[row]:.0f} grey levels" for row in blank],
        )
    white = np.flatnonzero(table.white > SATURATED)
    if len(white):
        yield finding(
            "warning",
            f"{count(len(white), 'saturated stamp')}",
            f"More than {SATURATED:.0%} of the pixels are drawn white, which hides the inner "
            "structure. Raise stamps.white, or leave out what is no galaxy.",
            white,
            [f"{table.white[row]:.0%} white" for row in white],
        )
    flat = np.flatnonzero(table.flat > FLAT)
    if len(flat):
        yield finding(
            "note" if len(flat) < 0.05 * len(table) else "warning",
            f"{count(len(flat), 'stamp')} with missing sky",
            f"More than {FLAT:.0%} of the area is one even grey: the edge of an exposure, a "
            "masked artefact, or an image that was padded.",
            flat,
            [f"{table.flat[row]:.0%} even" for row in flat],
        )
    if "snr" in catalog:
        faint = np.flatnonzero(catalog.snr < FAINT)
        if len(faint):
            yield finding(
                "note",
                f"{count(len(faint), 'stamp')} below a signal-to-noise ratio of {FAINT:g}",
                "Nothing rises clearly above the noise at the centre: a position without a "
                "galaxy, or one too faint to be judged.",
                faint,
                [f"S/N {catalog.snr[row]:.1f}" for row in faint],
            )


def repeated(
    table: pd.DataFrame, prints: NDArray[np.float32], images: Path, split: NDArray[np.str_]
) -> Iterator[Finding]:
    """Yield images that are there more than once, exactly or nearly, first across splits.

    Near copies are sought among different images: identical ones have pairs of their own.
    """
    digest = table.digest.to_numpy()
    order = np.argsort(digest, kind="stable")
    same = np.flatnonzero(digest[order][1:] == digest[order][:-1])
    exact = np.stack([order[same], order[same + 1]], axis=1)
    distinct = np.sort(np.unique(digest, return_index=True)[1])
    near = distinct[alike(prints[distinct], images, distinct)]
    kinds = {"identical": exact, "nearly identical": near}
    for kind, pairs in kinds.items():
        across = split[pairs[:, 0]] != split[pairs[:, 1]]
        for crossing, chosen in ((True, pairs[across]), (False, pairs[~across])):
            if not len(chosen):
                continue
            yield finding(
                "error" if crossing else "warning",
                f"{count(len(chosen), f'pair of {kind} stamps', f'pairs of {kind} stamps')} "
                + ("in different splits" if crossing else "in one split"),
                "A network is tested on what it was trained on: its RMSE is too good. Give both "
                "rows one 'number' in the votes table, or remove one."
                if crossing
                else "One galaxy counts twice. Give both rows one 'number', or remove one.",
                chosen.ravel(),
                [f"pair {number // 2 + 1}, {split[row]}" for number, row in enumerate(chosen.flat)],
            )


def alike(
    prints: NDArray[np.float32], images: Path, rows: NDArray[np.intp] | None = None
) -> NDArray[np.int64]:
    """Return the pairs of prints, (M, 2), first < second, whose stamps show the same exposure.

    Prints that point the same way are candidates; the pixels decide. An image with more than
    `near_pairs.PARTNERS` copies is in at least so many pairs.

    Parameters
    ----------
    prints : array, shape (N, 128), float32
        From `scan`.
    images : path
    rows : array, shape (N,), optional
        Where the stamp of each print is; in the same order by default.
    """
    stamps = open_images(images)
    rows = np.arange(len(prints)) if rows is None else rows
    pairs, _ = near_pairs(prints, _CANDIDATE)
    same = [same_exposure(stamps[rows[pair]]) for pair in pairs]
    found = pairs[np.array(same, bool)]
    return found[np.lexsort(found.T[::-1])]


def same_exposure(pair: NDArray[np.uint8]) -> bool:
    """Whether two stamps, (2, S, S, C), show the same noise, in their darker half too.

    Two bright stars share their diffraction pattern, but not the noise of the sky around it: on
    6,000 simulated galaxies such pairs reach 0.61 over all pixels and 0.24 in the darker half,
    cut-outs of the same sky 0.64 and 0.52.
    """
    values = pair.astype(np.float32)
    smooth = _smooth(values, 2)
    fine, light = _clipped(values - smooth, 0.5).reshape(2, -1), smooth.reshape(2, -1).max(axis=0)
    noisy = fine.any(axis=0)
    if not noisy.any():
        return False
    dark = noisy & (light <= np.median(light[noisy]))
    return bool(_correlation(*fine) > ALIKE and _correlation(*fine[:, dark]) > ALIKE / 2)


def _correlation(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    return float(np.corrcoef(one, two)[0, 1]) if one.std() * two.std() > 0 else 0.0


def _blocks(images: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield stamps in blocks, mapping the file anew so that what was read can be let go."""
    total = len(open_images(images))
    for start in range(0, total, BLOCK):
        yield np.array(open_images(images)[start : start + BLOCK])


def _flat(stamp: NDArray[np.uint8]) -> float:
    """Return the share of pixels whose 3x3 neighbourhood is one level, neither black nor white.

    It is nothing where the noise elsewhere is below a grey level, as in the dark sky of many
    stretched pictures: rounding alone makes such a sky even.
    """
    values = stamp.astype(np.float32)
    mean = uniform_filter(values, (3, 3, 0))
    even = (uniform_filter(values * values, (3, 3, 0)) - mean * mean < 0.3).all(axis=-1)
    if even.all() or 1.48 * np.median(np.abs(values - mean)[~even]) < GRAIN:
        return 0.0
    return float(np.mean(even & ((stamp > 2) & (stamp < 253)).all(axis=-1)))


def _projection(pixels: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((pixels, _DIRECTIONS), dtype=np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)
