"""DVC stage `rescale`: stamps and votes in, the rescaled dataset and its quality page out."""

from galopt.compute.progress import busy
from galopt.config.load import load_config
from galopt.data.rescale import build_dataset
from galopt.errors import command_line
from galopt.paths import DATA, DATASET, PARAMS


def main() -> None:
    """Build `data/dataset` as `params.yaml` says, and the page that says whether it is sound."""
    with command_line():
        built = build_dataset(load_config(PARAMS), DATA, DATASET)
        with busy("Checking the dataset"):
            from galopt.data import quality  # here: its processes need not load it
            from galopt.report.quality.page import write

            found = quality.check_dataset(built, DATA)
            write(found, built.folder / quality.PAGE)
        for finding in found.findings:
            if finding.level != "note":
                print(f"{finding.level}: {finding.title}")
        print(f"{found.summary()}; {built.folder / quality.PAGE}")
        print(f"{built.info['galaxies']} galaxies, dataset {built.info['hash']}")


if __name__ == "__main__":
    main()
