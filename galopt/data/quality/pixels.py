"""What the pixels of the stamps tell: blank, saturated, cut off, seen before."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.stats import pearsonr

from galopt.data.dataset import open_images
from galopt.data.quality.finding import Finding, count, finding

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
_CANDIDATE = 0.45


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
        Unit vectors; the cosine of two is about the correlation of their fine structure.
    """
    rows: list[dict[str, object]] = []
    prints = []
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
        fine = fine_structure(block).reshape(len(block), -1)
        prints.append(_unit(fine @ _projection(fine.shape[1])))
    return pd.DataFrame(rows), np.concatenate(prints)


def fine_structure(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what identifies an exposure: its noise and small features, (N, S, S, C), float32.

    The smooth light is removed and the rest clipped, so that a bright core, which many
    galaxies share, counts no more than the noise, which no two exposures share.
    """
    values = stamps.astype(np.float32)
    values -= gaussian_filter(values, (0, 2, 2, 0))
    spread = np.maximum(np.median(np.abs(values), axis=(1, 2), keepdims=True), 0.5)
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
    """Yield images that are there more than once, exactly or nearly, first across splits."""
    digest = table.digest.to_numpy()
    order = np.argsort(digest, kind="stable")
    same = np.flatnonzero(digest[order][1:] == digest[order][:-1])
    exact = np.stack([order[same], order[same + 1]], axis=1)
    near = [pair for pair in alike(prints, images) if digest[pair[0]] != digest[pair[1]]]
    kinds = {"identical": exact, "nearly identical": np.array(near, int).reshape(-1, 2)}
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


def alike(prints: NDArray[np.float32], images: Path) -> list[tuple[int, int]]:
    """Return the pairs of rows, first < second, that show the same exposure.

    Prints that point the same way are candidates; the pixels decide.
    """
    stamps = open_images(images)
    pairs = []
    for start in range(0, len(prints), BLOCK):
        cosine = prints[start : start + BLOCK] @ prints[start:].T
        for first, second in np.argwhere(np.triu(cosine, 1) > _CANDIDATE) + start:
            if same_exposure(stamps[[first, second]]):
                pairs.append((int(first), int(second)))
    return pairs


def same_exposure(pair: NDArray[np.uint8]) -> bool:
    """Whether two stamps, (2, S, S, C), show the same noise, in their darker half too.

    Two bright stars share their diffraction pattern, but not the noise of the sky around it: on
    6,000 simulated galaxies such pairs reach 0.61 over all pixels and 0.24 in the darker half,
    cut-outs of the same sky 0.64 and 0.52.
    """
    fine = fine_structure(pair).reshape(2, -1)
    light = gaussian_filter(pair.astype(np.float32), (0, 2, 2, 0)).reshape(2, -1).max(axis=0)
    noisy = fine.any(axis=0)
    if not noisy.any():
        return False
    dark = noisy & (light <= np.median(light[noisy]))
    return bool(_correlation(*fine) > ALIKE and _correlation(*fine[:, dark]) > ALIKE / 2)


def _correlation(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    return float(pearsonr(one, two).statistic) if one.std() * two.std() > 0 else 0.0


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
