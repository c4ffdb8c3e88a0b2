"""The step from the simulated survey to the sky: a network trained on it, on real galaxies.

    uv run python -m benchmarks.sim_to_real --sheet sheet.png
    GALOPT_REAL_DATA=folder uv run python -m benchmarks.sim_to_real --model RUN --sheet sheet.png

Run it where the dataset of the simulated survey is (`data/`). `--sheet` draws galaxies of each
class at random, bright ones that most voters agreed on, and the real ones above them where
`GALOPT_REAL_DATA` names the folder that holds `candels_f160w/votes.csv` and its stamps. `--model`
tells its RMSE on the real ones beside that of the constant predictor, the simulated mean.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.config import Stamps
from galopt.data import dataset
from galopt.data.imaging.stamp_batch import StampBatch
from galopt.errors import ConfigError, command_line
from galopt.metrics import rmse
from galopt.paths import DATASET
from galopt.prediction.preprocess import read_chunk

CLASSES = {"spheroid": 0.8, "disk": 0.8, "irregular": 0.5}
"""What is drawn, and the fraction of the votes from which a galaxy counts as one of it."""

BRIGHT, COLUMNS, SEED = 22.5, 8, 1
"""H (AB mag) of the faintest that are drawn; galaxies in a row; which are taken."""


def main() -> None:
    """Measure a model on the real galaxies, and draw them beside simulated ones."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", help="a run's id or name, a model's folder or .keras file")
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    with command_line():
        simulated = dataset.load(DATASET)
        real = read_real(simulated)
        if given.model:
            if real is None:
                raise ConfigError("GALOPT_REAL_DATA: name the folder of the real galaxies in it")
            measure(given.model, simulated, *real)
        if given.sheet:
            draw(given.sheet, simulated, real)


def read_real(simulated: dataset.Dataset) -> tuple[NDArray[np.uint8], pd.DataFrame] | None:
    """Return stamps as the dataset's and the votes, one row each; None where there are none."""
    if not (folder := os.environ.get("GALOPT_REAL_DATA")):
        return None
    votes = pd.read_csv(Path(folder) / "candels_f160w" / "votes.csv")
    votes["file"] = [str(Path(folder) / "candels_f160w" / file) for file in votes["file"]]
    side = simulated.images.shape[1]
    stamps, good, _ = read_chunk(StampBatch(votes, None), Stamps(), side)
    return stamps, votes.set_index("id").loc[good["id"]]


def measure(
    reference: str, simulated: dataset.Dataset, stamps: NDArray[np.uint8], votes: pd.DataFrame
) -> None:
    """Print predicted beside published fractions, and the RMSE of network and constant."""
    from galopt.tracking.models import open_model

    targets = simulated.targets
    truth = votes[targets].to_numpy(float)
    predicted = open_model(reference).table(stamps)[targets].to_numpy(float)
    mean = simulated.split("train").fractions.mean(axis=0)
    print("voted -> predicted   " + "  ".join(f"{target:>14}" for target in targets))
    for name, voted, found in zip(votes.index, truth, predicted, strict=True):
        cells = (f"{v:>5.2f} -> {f:.2f} " for v, f in zip(voted, found, strict=True))
        print(f"{name:<21}" + "  ".join(f"{cell:>14}" for cell in cells))
    network, constant = rmse(truth, predicted), rmse(truth, np.broadcast_to(mean, truth.shape))
    right = (predicted.argmax(axis=1) == truth.argmax(axis=1)).sum()
    print(f"{len(truth)} real galaxies: RMSE {network:.3f}, constant {constant:.3f}")
    print(f"largest fraction right: {right} of {len(truth)}")


def draw(
    path: Path, simulated: dataset.Dataset, real: tuple[NDArray[np.uint8], pd.DataFrame] | None
) -> None:
    """Draw real and simulated galaxies of each class, a row each."""
    from galopt.report.figures.run import stamp_sheet

    rng = np.random.default_rng(SEED)
    galaxies = simulated.everything()
    blank = np.full_like(galaxies.images[0], 255)
    images, titles = [], []
    for target, least in CLASSES.items():
        rows: list[tuple[NDArray, NDArray, str]] = []
        if real is not None:
            rows.append((*_of_class(real[0], real[1][target].to_numpy(float), least), "real"))
        number = simulated.targets.index(target)
        bright = np.where(galaxies.catalog["mag"] < BRIGHT, galaxies.fractions[:, number], 0)
        stamps, voted = _of_class(galaxies.images, bright, least)
        chosen = np.sort(rng.permutation(len(stamps))[:COLUMNS])
        rows.append((stamps[chosen], voted[chosen], "simulated"))
        for shown, fractions, kind in rows:
            if not len(shown):
                continue
            empty = COLUMNS - len(shown)
            images += [*shown, *[blank] * empty]
            titles += [f"{kind} {target} {fraction:.2f}" for fraction in fractions] + [""] * empty
    figure = stamp_sheet(np.array(images), titles, COLUMNS)
    figure.savefig(path, dpi=110)


def _of_class(stamps: NDArray[np.uint8], votes: NDArray, least: float) -> tuple[NDArray, NDArray]:
    """Return the stamps whose vote is high enough, and their votes."""
    chosen = votes > least - 1e-6
    return np.asarray(stamps)[chosen], votes[chosen]


if __name__ == "__main__":
    main()
