"""Learning curves: RMSE against the number of labelled galaxies, from scratch and transferred.

For each number of training galaxies and each seed, two networks see as many views: one starts
from nothing, the other from the convolutions of a network that has seen other galaxies, which
rest for the first third. Both have the network that `params.yaml` and `--overrides` describe,
which must be that of the trained one, and both stop by as few galaxies of the validation split.

    uv run mlflow run . --env-manager local                     # on the simulated survey
    uv run python -m benchmarks.few_labels ignat2016 --dataset MY/data/dataset

Prints a table and draws `few_labels.svg`.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import pandas as pd
from matplotlib.figure import Figure

from galopt.config.load import change_config, load_config
from galopt.data import dataset
from galopt.errors import command_line
from galopt.evaluation.evaluate import evaluate
from galopt.tracking.models import starting_network
from galopt.training.train import train

PATIENCE = "train.patience=1000"


def main() -> None:
    """Train every combination, print the means and spreads, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("init_from", help="a run, a registered model or a .keras file")
    parser.add_argument("--dataset", type=Path, required=True, help="not that of init_from")
    parser.add_argument("--galaxies", type=int, nargs="*", default=[100, 300, 1000])
    parser.add_argument("--views", type=int, default=60_000, help="that each network sees")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--overrides", default="", help='"key=value …", any key of the run')
    given = parser.parse_args()
    with command_line():
        _run(given)


def _run(given: argparse.Namespace) -> None:
    data, trained = dataset.load(given.dataset), starting_network(given.init_from)
    every = len(data.split("train"))
    numbers = [number for number in given.galaxies if number < every] + [every]
    rows = []
    for seed in range(given.seeds):
        for number in numbers:
            for start in (trained, None):  # what does not fit is refused at once
                words = f"train.seed={seed} {given.overrides}"
                metrics = measure(data, number, words, given.views, start, given.init_from)
                rows.append({"galaxies": number, "start": _name(start)} | metrics)
    for name in ("test_rmse_constant", "test_rmse_floor"):
        print(f"{name} {metrics.get(name, float('nan')):.4f}")
    table = pd.DataFrame(rows).groupby(["galaxies", "start"])["test_rmse"].agg(["mean", "std"])
    print(table.unstack().to_string(float_format="%.4f"))
    draw(table).savefig("few_labels.svg")


def measure(
    data: dataset.Dataset,
    galaxies: int,
    words: str,
    views: int,
    start: keras.Model | None,
    name: str,
) -> dict[str, float]:
    """Train on so many views, from the start given; return the metrics of the test galaxies."""
    config = load_config("params.yaml", f"train.galaxies={galaxies} {words} {PATIENCE}")
    epochs = max(3, round(views / (galaxies * (1 + config.augment.repeats))))
    transfer = f"train.init_from={name} train.unfreeze={epochs // 3}" if start else ""
    config = change_config(config, f"train.epochs={epochs} {transfer}")
    with TemporaryDirectory() as folder:
        model = train(config, data, Path(folder), start=start).model
    return evaluate(model, data, config.evaluate).metrics


def draw(table: pd.DataFrame) -> Figure:
    """Return the curves, one per start, with the spread over the seeds."""
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    axes = figure.subplots()
    for start, curve in table.reset_index().groupby("start", sort=False):
        axes.errorbar(
            curve["galaxies"], curve["mean"], yerr=curve["std"], fmt="o-", ms=4, label=start
        )
    axes.set(xscale="log", xlabel="labelled galaxies", ylabel="test RMSE")
    axes.legend(frameon=False)
    return figure


def _name(start: keras.Model | None) -> str:
    return "transferred" if start else "from scratch"


if __name__ == "__main__":
    main()
