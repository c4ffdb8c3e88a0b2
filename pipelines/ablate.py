"""MLproject entry point `ablate`: what each difference from the published systems is worth."""

from galopt.data.dvc import make_dataset
from galopt.errors import command_line
from galopt.paths import DATASET
from pipelines.arguments import read_config


def main() -> None:
    """Make the dataset if it is missing, train every arm over several seeds and compare."""
    with command_line():
        config = read_config(__doc__, {"seeds": "ablate.seeds"}, ["ablate"])
        make_dataset()
        from galopt.data import dataset  # what is heavy, after what may be refused
        from galopt.experiments import ablation

        ablation.run(config, dataset.load(DATASET))


if __name__ == "__main__":
    main()
