"""MLproject entry point `ablate`: what each difference from the published systems is worth."""

import argparse

from galopt.config.load import RUN_SECTIONS, load_run_config
from galopt.data.dvc import make_dataset
from galopt.errors import command_line
from galopt.paths import DATASET, PARAMS

UNSET = str(PARAMS)


def main() -> None:
    """Make the dataset if it is missing, train every arm over several seeds and compare."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", default=UNSET, help=f"ablate.seeds [what {UNSET} says]")
    parser.add_argument("--overrides", default="none", help='"key=value …", any key of the run')
    given = parser.parse_args()
    with command_line():
        words = [f"ablate.seeds={given.seeds}"] if given.seeds != UNSET else []
        words += [given.overrides] if given.overrides != "none" else []
        config = load_run_config(" ".join(words), sections=(*RUN_SECTIONS, "ablate"))
        make_dataset()
        from galopt.data import dataset
        from galopt.experiments import ablation

        ablation.run(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
