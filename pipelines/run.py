"""MLproject entry point `main`: the dataset if it is missing, then one tracked run."""

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import busy
from galopt.data.dvc import make_dataset
from galopt.paths import CHECKPOINTS, DATASET
from pipelines.arguments import entry_point, read_config

KEYS = {
    "preset": "network.preset",
    "epochs": "train.epochs",
    "learning_rate": "train.learning_rate",
    "batch_size": "train.batch_size",
    "seed": "train.seed",
}


def main() -> None:
    """Make the dataset through DVC, train, evaluate, log and report."""
    with entry_point():
        config = read_config(__doc__, KEYS)
        make_dataset()
        start_keras()
        with busy("Starting MLflow"):  # what is heavy, after what may be refused
            from galopt.data import dataset
            from galopt.experiments.run import run_experiment

        run_experiment(config, dataset.load(DATASET), CHECKPOINTS)


if __name__ == "__main__":
    main()
