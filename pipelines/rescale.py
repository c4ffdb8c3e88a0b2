"""DVC stage `rescale`: stamps and votes in, the rescaled dataset and its quality page out."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.data import dataset
from galopt.errors import exit_on_error


def main() -> None:
    """Build `data/dataset` as `params.yaml` says, and the page that says whether it is sound."""
    with exit_on_error():
        built = dataset.build(load_config(), Path("data"), Path("data/dataset"))
        from galopt.data import quality  # here, so that the processes of `build` need not load it
        from galopt.report.quality.page import write

        found = quality.check_dataset(built, Path("data"))
        write(found, built.folder / quality.PAGE)
        print(f"{found.summary()}; {built.folder / quality.PAGE}")
        print(f"{built.info['galaxies']} galaxies, dataset {built.info['hash']}")


if __name__ == "__main__":
    main()
