"""What it costs to read pictures straight: RMSE of networks trained on both kinds of stamps.

A folder of JPEG, PNG or TIFF images with votes becomes two datasets of the same galaxies and
splits: pictures that went straight to the stored side, and pictures that were a JPEG of 454 px
before (`stamps.detour`), as all were before version 0.3. For each seed a network is trained and
tested on each; the difference is paired by galaxies and seeds.

    uv run python -m benchmarks.picture_detour my_galaxies --overrides "network.preset=modern"
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from galopt.config import Config
from galopt.config.load import build_config, change_config
from galopt.data.dataset import Dataset
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import command_line
from galopt.evaluation.bootstrap import paired_bootstrap
from galopt.evaluation.evaluate import evaluate

WAYS = {"by 454 px": "stamps.detour=true", "straight": "stamps.detour=false"}


def main() -> None:
    """Make both datasets, train, and print the difference after each seed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", help="images and a table of votes")
    parser.add_argument("--targets", nargs="*", help="columns of the table")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--overrides", default="", help='"key=value …", any key of a run')
    given = parser.parse_args()
    source = {"path": given.folder, "targets": given.targets}
    with command_line(), TemporaryDirectory() as name:
        survey = {"source": "folder", "folder": source}
        config = build_config({"survey": survey}, given.overrides)
        ways = {way: change_config(config, words) for way, words in WAYS.items()}
        data = {way: _dataset(ways[way], Path(name) / way) for way in WAYS}
        errors: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
        for seed in range(given.seeds):
            for way in WAYS:
                squared = _squared_errors(change_config(ways[way], f"train.seed={seed}"), data[way])
                errors[way].append(squared)
                print(f"seed {seed}, {way:<10} test RMSE {np.sqrt(squared.mean()):.4f}", flush=True)
            old, new = (np.stack(errors[way], axis=1) for way in WAYS)
            print(paired_bootstrap(old, new).sentence(*WAYS), flush=True)


def _dataset(config: Config, folder: Path) -> Dataset:
    make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    return build_dataset(config, folder, folder / "dataset")


def _squared_errors(config: Config, data: Dataset) -> np.ndarray:
    """Train a network; return the mean squared error of each test galaxy."""
    from galopt.training.train import train  # here: the processes that read need no Keras

    with TemporaryDirectory() as folder:
        model = train(config, data, Path(folder)).model
    found = evaluate(model, data)
    return np.asarray(((found.predicted - found.split.fractions) ** 2).mean(axis=1))


if __name__ == "__main__":
    main()
