"""MLproject entry point `search`: a study of networks, run or resumed."""

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import busy
from galopt.data.dvc import make_dataset
from galopt.paths import DATASET
from pipelines.arguments import entry_point, read_config

NAMES = ("trials", "workers", "timeout", "study", "storage", "cluster")


def main() -> None:
    """Make the dataset through DVC, then search; the same command resumes."""
    with entry_point():
        config = read_config(__doc__, {name: f"search.{name}" for name in NAMES}, ["search"])
        with busy("Checking the search"):
            from galopt.experiments.search.run_study import check_search

            check_search(config)
        make_dataset()
        start_keras()
        with busy("Starting MLflow"):  # what is heavy, after what may be refused
            from galopt.data import dataset
            from galopt.experiments.search.tracked_search import search

        search(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
