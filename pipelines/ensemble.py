"""MLproject entry point `ensemble`: several networks, trained, averaged and tracked."""

import argparse

from galopt.config.load import RUN_SECTIONS, load_run_config
from galopt.data.dvc import make_dataset
from galopt.errors import command_line
from galopt.paths import DATASET, PARAMS

UNSET = str(PARAMS)


def main() -> None:
    """Make the dataset if it is missing, train the members and log their average."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--members", default=UNSET, help=f"ensemble.members [what {UNSET} says]")
    parser.add_argument("--overrides", default="none", help='"key=value …", any key of the run')
    given = parser.parse_args()
    with command_line():
        words = [f"ensemble.members={given.members}"] if given.members != UNSET else []
        words += [given.overrides] if given.overrides != "none" else []
        sections = (*RUN_SECTIONS, "ensemble")
        config = load_run_config(" ".join(words), sections=sections)
        make_dataset()
        from galopt.data import dataset
        from galopt.experiments import ensemble

        ensemble.run(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
