"""How the search for nearly identical stamps grows, what it misses, what a heap of copies costs.

Prints are drawn with the mean and covariance of those of a real dataset, and copies planted at
some cosines. The search is set beside comparing all pairs as galopt did before version 0.4, up to
`--pairs` prints. Then stamps of the dataset are degraded until `same_exposure` no longer knows
some of them: the lowest cosine of those it knows says whether the candidates' threshold is low
enough, and the highest of different stamps whether it is high enough.

    uv run python -m benchmarks.near_duplicates 20000 50000 200000 1000000
"""

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import shift

from galopt.data.dataset import open_images
from galopt.data.quality import pixels
from galopt.data.quality.near_pairs import EXACT, miss_probability, near_pairs

COSINES = [0.7, 0.75, 0.8, 0.85, 0.9]
PLANTED = 200
"""Pairs at each cosine."""

THRESHOLD = 0.7
DEGRADED = 60
"""Stamps that are degraded in every way."""


def main() -> None:
    """Measure the numbers of prints given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("prints", nargs="+", type=int)
    parser.add_argument("--dataset", type=Path, default=Path("data/dataset"))
    parser.add_argument("--pairs", type=int, default=20_000, help="prints to compare all pairs of")
    options = parser.parse_args()
    images = options.dataset / "images.npy"
    _, real = pixels.scan(images)
    print(f"{'prints':>10} {'all pairs':>10} {'now':>8} {'GiB':>5}  seconds of processor; found of")
    print(" " * 37 + "".join(f"{cosine:>8}" for cosine in COSINES))
    for number in options.prints:
        _measure(number, real, number <= options.pairs)
    _heap(real)
    _degraded(np.array(open_images(images)), real)


def _measure(number: int, real: NDArray[np.float32], everything: bool) -> None:
    prints, planted = synthetic(number, real)
    before = after = float("nan")
    if everything:
        before = _processor(lambda: every_pair(prints))
    found: set[tuple[int, int]] = set()
    after = _processor(lambda: found.update(map(tuple, near_pairs(prints, THRESHOLD)[0].tolist())))
    memory = psutil.Process().memory_info().rss / 2**30
    print(f"{number:10,} {before:10.1f} {after:8.1f} {memory:5.2f}  ", end="")
    for pairs in planted:
        share = np.mean([tuple(sorted(pair)) in found for pair in pairs.tolist()])
        print(f"{share:8.3f}", end="")
    missed = [miss_probability(cosine, number) * (number > EXACT) for cosine in COSINES]
    chances = ", ".join(f"{chance:.1g}" for chance in missed)
    print(f"  {len(found)} pairs; expected to be missed {chances}", flush=True)


def synthetic(
    number: int, real: NDArray[np.float32]
) -> tuple[NDArray[np.float32], list[NDArray[np.intp]]]:
    """Return prints with the mean and covariance of real ones, and the rows of planted pairs."""
    rng = np.random.default_rng(0)
    values, axes = np.linalg.eigh(np.cov(real.T))
    root = ((axes * np.sqrt(np.maximum(values, 0))).T).astype(np.float32)
    prints = np.empty((number, real.shape[1]), np.float32)
    for start in range(0, number, 100_000):
        part = prints[start : start + 100_000]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32) @ root + real.mean(axis=0)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    planted = np.split(rng.permutation(number)[: 2 * PLANTED * len(COSINES)].reshape(-1, 2), 5)
    for cosine, pairs in zip(COSINES, planted, strict=True):
        own = prints[pairs[:, 0]]
        other = rng.standard_normal(own.shape, dtype=np.float32)
        other -= (other * own).sum(axis=1, keepdims=True) * own
        other /= np.linalg.norm(other, axis=1, keepdims=True)
        cosine += 1e-4
        prints[pairs[:, 1]] = cosine * own + np.sqrt(1 - cosine**2) * other
    return prints, planted


def every_pair(prints: NDArray[np.float32]) -> int:
    """Compare all pairs as before version 0.4; return how many are candidates."""
    count = 0
    for start in range(0, len(prints), 500):
        cosine = prints[start : start + 500] @ prints[start:].T
        count += len(np.argwhere(np.triu(cosine, 1) > THRESHOLD))
    return count


def _heap(real: NDArray[np.float32]) -> None:
    """Measure prints that nearly all coincide."""
    rng = np.random.default_rng(0)
    prints = real[0] + rng.normal(0, 0.02, (100_000, real.shape[1])).astype(np.float32)
    prints /= np.linalg.norm(prints, axis=1, keepdims=True)
    pairs: list[NDArray[np.int64]] = []
    seconds = _processor(lambda: pairs.append(near_pairs(prints, THRESHOLD)[0]))
    print(f"100,000 copies of one: {seconds:.1f} s of processor, {len(pairs[0])} pairs listed")


def _processor(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _degraded(stamps: NDArray[np.uint8], real: NDArray[np.float32]) -> None:
    """Print the cosines of degraded copies that are known again, and of different stamps."""
    rng = np.random.default_rng(0)
    ways: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        "JPEG, quality 95": lambda stamp: _jpeg(stamp, 95),
        "JPEG, quality 75": lambda stamp: _jpeg(stamp, 75),
        "JPEG, quality 50": lambda stamp: _jpeg(stamp, 50),
        "JPEG, quality 30": lambda stamp: _jpeg(stamp, 30),
        "shifted by 0.25 px": lambda stamp: _shifted(stamp, 0.25),
        "shifted by 0.5 px": lambda stamp: _shifted(stamp, 0.5),
        "noise of 3 levels": lambda stamp: _levels(stamp + rng.normal(0, 3, stamp.shape)),
        "noise of 6 levels": lambda stamp: _levels(stamp + rng.normal(0, 6, stamp.shape)),
        "gamma 0.7": lambda stamp: _levels(255 * (stamp / 255) ** 0.7),
    }
    rows = rng.choice(len(stamps), min(DEGRADED, len(stamps)), replace=False)
    print(f"{'copies':>20} {'known':>6}   cosine of those, lowest and median")
    for name, way in ways.items():
        pairs = [np.stack([stamps[row], way(stamps[row])]) for row in rows]
        known = [pair for pair in pairs if pixels.same_exposure(pair)]
        cosines = [float(np.prod(pixels.prints_of(pair), axis=0).sum()) for pair in known]
        said = f"{min(cosines):.2f} {np.median(cosines):.2f}" if known else ""
        print(f"{name:>20} {len(known) / len(pairs):6.2f}   {said}")
    few = real[rng.permutation(len(real))[:5000]]
    highest = np.sort((few @ few.T)[np.triu_indices(len(few), 1)])[::-1]
    print(f"{len(few)} different stamps: highest cosines {highest[:10].round(2).tolist()}")


def _jpeg(stamp: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray(stamp.squeeze()).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as image:
        return np.asarray(image).reshape(stamp.shape)


def _shifted(stamp: NDArray[np.uint8], pixels_: float) -> NDArray[np.uint8]:
    return _levels(shift(stamp.astype(float), (pixels_, pixels_, 0), mode="nearest"))


def _levels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
