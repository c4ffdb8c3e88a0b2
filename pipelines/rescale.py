"""DVC stage `rescale`: stamps and votes in, the rescaled dataset out."""

from pathlib import Path

from galopt import dataset, params
from galopt.errors import exit_on_error


def main() -> None:
    """Build `data/dataset` as `params.yaml` says."""
    with exit_on_error():
        built = dataset.build(params.load(), Path("data"), Path("data/dataset"))
        print(f"{built.info['galaxies']} galaxies, dataset {built.info['hash']}")


if __name__ == "__main__":
    main()
