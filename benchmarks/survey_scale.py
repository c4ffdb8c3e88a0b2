"""What the prediction of a survey costs by its size: as one table, and as a folder of parts.

Positions are those of a survey's galaxies, again and again, each moved by up to half an
arcsecond, in the survey's own tiles; or the images of a folder, again and again by links. Each
way is `galopt predict` in a process of its own, the ways after one another at each size; processor
time counts on a busy machine. From two sizes follow the cost of one more galaxy, and what a million
and ten millions would take.

    uv run python -m benchmarks.survey_scale data/survey 5000 20000
    uv run python -m benchmarks.survey_scale data/stamps 5000 20000
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.watched import Watched, watch
from galopt.compute.devices import cores
from galopt.data.imaging.image_files import find_files

OUTPUTS = {"one table": "votes.parquet", "a folder": "votes/"}
MOVED = 0.5 / 3600
"""Degrees."""
GIB = 2**30


def main() -> None:
    """Measure at the sizes given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("source", type=Path, help="a survey with tiles, or a folder of images")
    parser.add_argument("galaxies", nargs=2, type=int, help="two sizes")
    parser.add_argument("--model", default="builtin:modern")
    options = parser.parse_args()
    print(f"{cores()} cores, {options.model}; ms of processor a galaxy and in all, GiB at most")
    print(f"{'galaxies':>10}{'way':>12}{'ms':>8}{'s work':>9}{'s clock':>9}{'all':>7}{'driver':>8}")
    measured: dict[str, list[Watched]] = {way: [] for way in OUTPUTS}
    for galaxies in options.galaxies:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            inputs = _lay_out(options.source.resolve(), galaxies, folder)
            for way, out in OUTPUTS.items():
                words = ["galopt.cli", "predict", *inputs, "--model", options.model, "--out", out]
                took = watch(words, folder, fine=(0, 1))
                _check(folder / out, galaxies)
                measured[way].append(took)
                _show(galaxies, way, took)
    _extrapolate(options.galaxies, measured)


def _lay_out(source: Path, galaxies: int, folder: Path) -> list[str]:
    """Return what `galopt predict` is given."""
    if not (source / "tiles").is_dir():
        files = find_files([str(source)])
        (folder / "images").mkdir()
        for number in range(galaxies):
            file = files[number % len(files)]
            (folder / "images" / f"{number:08d}{file.suffix}").symlink_to(file)
        return ["images"]
    votes, random = pd.read_csv(source / "votes.csv"), np.random.default_rng(0)
    rows = votes.iloc[np.arange(galaxies) % len(votes)]
    moved = random.uniform(-MOVED, MOVED, (2, galaxies))
    table = {"id": [f"g{number:08d}" for number in range(galaxies)]}
    table |= {"ra": rows["ra"].to_numpy() + moved[0], "dec": rows["dec"].to_numpy() + moved[1]}
    pd.DataFrame(table).to_parquet(folder / "positions.parquet")
    tiles = sorted(str(tile) for tile in (source / "tiles").glob("*.fits"))
    return ["--catalog", "positions.parquet", *(f"--mosaic={tile}" for tile in tiles)]


def _check(out: Path, galaxies: int) -> None:
    """Count the galaxies: a benchmark of lost ones would be none."""
    ids = pd.read_parquet(out, columns=["id"])["id"]
    beside = out / "_rejected" if out.is_dir() else out.with_name(f"{out.name}.rejected.csv")
    read = pd.read_parquet if out.is_dir() else pd.read_csv
    there = any(beside.iterdir()) if beside.is_dir() else beside.exists()
    rejected: list[str] = list(read(beside)["id"]) if there else []
    assert ids.is_unique, out
    assert len(ids) + len(rejected) == galaxies, out


def _show(galaxies: int, way: str, took: Watched) -> None:
    print(
        f"{galaxies:10,}{way:>12}{1e3 * took.work / galaxies:8.2f}{took.work:9.0f}{took.wall:9.0f}"
        f"{took.peak / GIB:7.2f}{took.first_peak / GIB:8.2f}",
        flush=True,
    )


def _extrapolate(sizes: list[int], measured: dict[str, list[Watched]]) -> None:
    for way, (small, large) in measured.items():
        slope = (large.work - small.work) / (sizes[1] - sizes[0])
        start = small.work - slope * sizes[0]
        hours = [(start + slope * galaxies) / 3600 for galaxies in (1e6, 1e7)]
        print(
            f"{way}: {1e3 * slope:.2f} ms a galaxy and {start:.0f} s to start; 10^6 take "
            f"{hours[0]:.1f} core-hours, 10^7 {hours[1]:.0f}"
        )


if __name__ == "__main__":
    main()
