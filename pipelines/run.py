"""MLproject entry point `main`: the dataset if it is missing, then one tracked run."""

import argparse

from galopt.config.load import load_run_config
from galopt.data.dvc import make_dataset
from galopt.errors import command_line
from galopt.paths import DATASET, PARAMS

UNSET = str(PARAMS)
SHORT = {
    "preset": "network.preset",
    "epochs": "train.epochs",
    "learning_rate": "train.learning_rate",
    "batch_size": "train.batch_size",
    "seed": "train.seed",
}


def main() -> None:
    """Make the dataset through DVC, train, evaluate, log and report."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name, key in SHORT.items():
        parser.add_argument(f"--{name}", default=UNSET, help=f"{key} [what {UNSET} says]")
    parser.add_argument("--overrides", default="none", help='"key=value …", any key of the run')
    given = vars(parser.parse_args())
    with command_line():
        words = [f"{key}={given[name]}" for name, key in SHORT.items() if given[name] != UNSET]
        words += [given["overrides"]] if given["overrides"] != "none" else []
        config = load_run_config(" ".join(words))
        make_dataset()
        from galopt.data import dataset
        from galopt.experiments.run import run_experiment

        run_experiment(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
