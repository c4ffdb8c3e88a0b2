"""MLproject entry point `ensemble`: several networks, trained, averaged and tracked."""

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import busy
from galopt.data.dvc import make_dataset
from galopt.paths import DATASET
from pipelines.arguments import entry_point, read_config


def main() -> None:
    """Make the dataset if it is missing, train the members and log their average."""
    with entry_point():
        config = read_config(__doc__, {"members": "ensemble.members"}, ["ensemble"])
        make_dataset()
        start_keras()
        with busy("Starting MLflow"):  # what is heavy, after what may be refused
            from galopt.data import dataset
            from galopt.experiments import ensemble

        ensemble.run(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
