"""DVC stage `rescale`: stamps and votes in, the rescaled dataset out."""

from pathlib import Path

from galopt import dataset, params, quality
from galopt.errors import exit_on_error
from galopt.quality.page import write


def main() -> None:
    """Build `data/dataset` as `params.yaml` says, and the page that says whether it is sound."""
    with exit_on_error():
        built = dataset.build(params.load(), Path("data"), Path("data/dataset"))
        found = quality.check(built, Path("data"))
        write(found, built.folder / quality.PAGE)
        print(f"{found.summary()}; {built.folder / quality.PAGE}")
        print(f"{built.info['galaxies']} galaxies, dataset {built.info['hash']}")


if __name__ == "__main__":
    main()
