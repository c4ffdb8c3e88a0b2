"""The same configuration on each framework and precision: RMSE and images per second.

Answers the paper's last question, and shows whether bfloat16 costs accuracy. Every training run
has a process of its own; they take turns, seed by seed, so that a noisy machine treats all alike.

    uv run dvc repro rescale
    uv run --extra jax python -m benchmarks.frameworks tensorflow:float32 jax:float32
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd


def main() -> None:
    """Train every combination given with every seed; print means and spreads."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("combinations", nargs="+", help="framework:precision")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--overrides", default="", help='"key=value …", any key of the run')
    parser.add_argument("--dataset", default="data/dataset")
    given = parser.parse_args()
    rows = [
        {"combination": combination} | measure(combination, seed, given.overrides, given.dataset)
        for seed in range(given.seeds)
        for combination in given.combinations
    ]
    table = pd.DataFrame(rows).groupby("combination", sort=False)
    print(table.agg(["mean", "std"]).to_string(float_format="%.4f"))


def measure(combination: str, seed: int, overrides: str, dataset: str) -> dict[str, float]:
    """Train in a process of the combination's framework; return what `train` returns."""
    framework, precision = combination.split(":")
    words = f"train.precision={precision} train.seed={seed} {overrides}"
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks import frameworks; frameworks.train()"],
        env=os.environ | {"KERAS_BACKEND": framework},
        input=json.dumps([words, dataset]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def train() -> None:
    """Train as standard input says; print RMSE and median speed."""
    from galopt.config.load import load_config
    from galopt.data import dataset
    from galopt.evaluation.evaluate import evaluate
    from galopt.training.train import train

    words, folder = json.loads(sys.stdin.read())
    config, data = load_config("params.yaml", words), dataset.load(folder)
    with TemporaryDirectory() as checkpoints:
        result = train(config, data, Path(checkpoints))
    speeds: list[Any] = [epoch["train_images_per_second"] for epoch in result.history]
    test = evaluate(result.model, data).metrics["test_rmse"]
    print(
        json.dumps(
            {
                "val_rmse": result.val_rmse,
                "test_rmse": test,
                "images_per_second": float(np.median(speeds)),
            }
        )
    )


if __name__ == "__main__":
    main()
