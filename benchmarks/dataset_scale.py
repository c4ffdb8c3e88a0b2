"""What a galaxy costs on its way from the sky to the dataset: time and peak memory by size.

Each stage runs as a process of its own, as DVC runs it, on the simulated survey of
`params.yaml` with so many galaxies. Memory is the peak of the resident sizes of all its
processes together, sampled four times per second; what they share is counted in each.

With `--colour` the galaxies are stamps of 69 px in red, green and blue and ten classes, in one
HDF5 file as Galaxy10 SDSS has them, of noise; with `--train` an epoch of training follows.

    uv run python -m benchmarks.dataset_scale 1000 10000
    uv run python -m benchmarks.dataset_scale 50000 --keep /scratch/survey
    uv run python -m benchmarks.dataset_scale 60000 --colour --train
"""

import argparse
import tempfile
from pathlib import Path

import h5py
import numpy as np
import yaml

from benchmarks.watched import ROOT, watch
from galopt.compute.devices import cores
from galopt.files import read_json

STAGES = ["survey", "stamps", "rescale"]
SIDE, CLASSES = 69, 10
"""Of Galaxy10 SDSS."""

GIB = 2**30


def main() -> None:
    """Measure the sizes given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("galaxies", nargs="+", type=int)
    parser.add_argument("--keep", type=Path, help="leave the data here instead of removing it")
    parser.add_argument("--colour", action="store_true", help="stamps in colour, from HDF5")
    parser.add_argument("--train", action="store_true", help="train an epoch, too")
    options = parser.parse_args()
    stages = STAGES + ["train"] * options.train
    print(f"{cores()} cores; ms a galaxy by the clock (of processor), peak GiB")
    print(f"{'galaxies':>9}" + "".join(f"{stage:>22}" for stage in (*stages, "all")) + "  disk GB")
    for galaxies in options.galaxies:
        with tempfile.TemporaryDirectory(dir=options.keep and options.keep.parent) as name:
            folder = options.keep or Path(name)
            _lay_out(galaxies, folder, options.colour)
            _measure(galaxies, folder, stages)


def _lay_out(galaxies: int, folder: Path, colour: bool) -> None:
    """Write the parameters of a survey of so many galaxies, and its images if it has its own."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    if colour:
        _write_colour(galaxies, folder / "galaxies")
        parameters["survey"] |= {"source": "folder", "folder": {"path": "galaxies"}}
        parameters["rescale"]["pixels"] = SIDE
    else:
        parameters["survey"] |= {"source": "simulate"}
        parameters["survey"]["simulate"]["galaxies"] = galaxies
    parameters["augment"]["repeats"], parameters["train"]["epochs"] = 0, 1
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters))


def _write_colour(galaxies: int, folder: Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(2016)
    with h5py.File(folder / "Galaxy10.h5", "w") as file:
        file["ans"] = rng.integers(0, CLASSES, galaxies, dtype=np.uint8)
        images = file.create_dataset("images", (galaxies, SIDE, SIDE, 3), np.uint8)
        for start in range(0, galaxies, 1000):
            shape = images[start : start + 1000].shape
            images[start : start + 1000] = rng.integers(0, 255, shape, dtype=np.uint8)


def _measure(galaxies: int, folder: Path, stages: list[str]) -> None:
    print(f"{galaxies:9,}", end="", flush=True)
    measured = []
    for stage in stages:
        took = watch([f"pipelines.{stage}"], folder)
        measured.append((took.wall, took.work, took.peak))
        _show(*measured[-1], galaxies)
    wall, cpu = sum(s[0] for s in measured), sum(s[1] for s in measured)
    _show(wall, cpu, max(s[2] for s in measured), galaxies)
    bytes_ = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    made = read_json(folder / "data" / "dataset" / "dataset.json")
    print(f"{bytes_ / 1e9:9.2f}  dataset {made['hash']}, {wall:.0f} s")


def _show(wall: float, cpu: float, peak: float, galaxies: int) -> None:
    text = f"{1e3 * wall / galaxies:.1f} ({1e3 * cpu / galaxies:.1f}) {peak / GIB:.2f}"
    print(f"{text:>22}", end="", flush=True)


if __name__ == "__main__":
    main()
