"""`galopt embed`, `similar`, `outliers`: what a network sees, and what looks alike to it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from galopt.cli.arguments import (
    CHAMPION,
    Catalog,
    Images,
    Mosaic,
    Overwrite,
    Reference,
    open_network,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEATURES = Path("features.parquet")


def embed(
    paths: Images = None,
    catalog: Catalog = None,
    mosaic: Mosaic = None,
    model: Reference = CHAMPION,
    dataset: Annotated[
        Path | None, typer.Option(help="a dataset instead of images, such as data/dataset")
    ] = None,
    out: Annotated[Path, typer.Option(help="the table to write: .parquet, .fits")] = FEATURES,
    overwrite: Overwrite = False,
) -> None:
    """Write what a network sees in galaxies: the features that its fractions are made of.

    Takes what `galopt predict` takes, or a dataset, and writes `id`, `file` and `features`. What
    cannot be read is listed beside it; the exit status is then 1.

    * `galopt embed my_galaxies/ --model 3f2a91c0`

    * `galopt embed --dataset data/dataset --out features.fits`
    """
    _check(paths or [], catalog, mosaic or [], dataset, out, overwrite)

    from galopt.data.dataset import load
    from galopt.prediction.embedding import embedder, write_features  # here: loads Keras
    from galopt.prediction.inputs import galaxies_in, stored_in
    from galopt.prediction.output import write_rejected
    from galopt.prediction.predict import provenance, read_stamps

    opened = open_network(model)
    features, rejected = embedder(opened), []

    def parts() -> Iterator["tuple[pd.DataFrame, np.ndarray]"]:
        if dataset:
            for stamps, rows in stored_in(load(dataset), opened):
                yield rows[["id"]].assign(file=""), features(stamps)
            return
        chunks = galaxies_in(paths or [], catalog, mosaic or [], opened.bands)
        for stamps, good, bad in read_stamps(opened, chunks):
            rejected.extend(bad.to_dict("records"))
            yield good, features(stamps)

    rows = write_features(parts(), out, provenance(opened, errors=False))
    if rows:
        print(f"{out}: features of {rows} galaxies")
    if rejected:
        import pandas as pd  # here: nothing else needs it

        beside = write_rejected(pd.DataFrame(rejected), out)
        print(
            f"galopt: {len(rejected)} galaxies cannot be read, listed in {beside}", file=sys.stderr
        )
        raise typer.Exit(1)


def _check(
    paths: list[str],
    catalog: Path | None,
    mosaic: list[Path],
    dataset: Path | None,
    out: Path,
    overwrite: bool,
) -> None:
    from galopt.errors import DataError
    from galopt.prediction.inputs import check_given

    if out.suffix not in (".parquet", ".fits"):
        raise DataError(f"{out}: unknown format; choose .parquet or .fits")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; --overwrite replaces it")
    if dataset is None:
        check_given(paths, catalog, mosaic)
    elif paths or catalog or mosaic:
        raise DataError("name images, positions, or a dataset")


def similar(
    galaxy: Annotated[str, typer.Argument(help="its id or file")],
    features: Annotated[Path, typer.Option("--in", help="written by galopt embed")] = FEATURES,
    count: Annotated[int, typer.Option(min=1, help="how many to find")] = 10,
    csv: Annotated[Path | None, typer.Option(help="write them to a file, too")] = None,
) -> None:
    """Find the galaxies that look most like one to the network.

    * `galopt similar g0 --in features.parquet`
    """
    from galopt.cli.tables import save, show
    from galopt.prediction.neighbours import similar as nearest

    table = nearest(features, galaxy, count)
    show(table)
    save(table, csv, None)


def outliers(
    features: Annotated[Path, typer.Option("--in", help="written by galopt embed")] = FEATURES,
    count: Annotated[int, typer.Option(min=1, help="how many to print")] = 10,
    csv: Annotated[Path | None, typer.Option(help="write all of them to a file, too")] = None,
) -> None:
    """Rank galaxies by how far even their nearest neighbours are; the strangest first.

    * `galopt outliers --in features.parquet --csv strange.csv`
    """
    from galopt.cli.tables import save, show
    from galopt.prediction.neighbours import outliers as strangest

    table = strangest(features)
    show(table.head(count))
    save(table, csv, None)
