"""MLproject entry point `search`: a study of networks, run or resumed."""

import argparse

from galopt.config.load import RUN_SECTIONS, load_run_config
from galopt.data.dvc import make_dataset
from galopt.errors import command_line
from galopt.paths import DATASET, PARAMS

UNSET = str(PARAMS)
NAMES = ("trials", "workers", "timeout", "study", "storage", "cluster")


def main() -> None:
    """Make the dataset through DVC, then search; the same command resumes."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name in NAMES:
        parser.add_argument(f"--{name}", default=UNSET, help=f"search.{name} [what {UNSET} says]")
    parser.add_argument("--overrides", default="none", help='"key=value …", any key of the run')
    given = vars(parser.parse_args())
    with command_line():
        words = [f"search.{name}={given[name]}" for name in NAMES if given[name] != UNSET]
        words += [given["overrides"]] if given["overrides"] != "none" else []
        config = load_run_config(" ".join(words), sections=(*RUN_SECTIONS, "search"))
        from galopt.experiments.search.search import check_search

        check_search(config)
        make_dataset()
        from galopt.data import dataset
        from galopt.experiments.search.tracked import search

        search(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
