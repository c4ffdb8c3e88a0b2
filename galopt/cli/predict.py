"""`galopt predict`: the vote fractions of the user's own galaxies, as a table."""

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
from galopt.paths import PREDICTIONS

if TYPE_CHECKING:
    from galopt.prediction.model import MorphologyModel

MANY = 0.1
"""Share of galaxies unlike the training galaxies, of which 0.01 are, that is worth a warning."""


def predict(
    paths: Images = None,
    catalog: Catalog = None,
    mosaic: Mosaic = None,
    model: Reference = CHAMPION,
    errors: Annotated[
        bool, typer.Option("--errors", help="add calibrated errors: …_err, …_low, …_high")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="the table to write: .csv, .parquet, .fits or .vot")
    ] = PREDICTIONS,
    overwrite: Overwrite = False,
) -> None:
    """Predict the vote fractions of your own galaxies.

    Takes JPEG, PNG, TIFF and FITS stamps, one galaxy in the centre of each, or positions in
    a mosaic, and writes `id,file` and one column per class. What cannot be read is listed,
    with the reason, in a table beside it, and the others are finished; the exit status is
    then 1.

    * `galopt predict my_galaxies/`

    * `galopt predict 'a/*.jpg' b.fits --model 3f2a91c0 --errors --out votes.fits`

    Where each band has a file, `{band}` stands for its name: 'stamps/*_{band}.fits'.

    * `galopt predict --catalog positions.csv --mosaic field_drz.fits --out votes.vot`
    """
    import pandas as pd

    from galopt.compute.killable import prepare
    from galopt.errors import DataError
    from galopt.prediction.inputs import check_given, galaxies_in
    from galopt.prediction.output import check_output, write_predictions, write_rejected
    from galopt.prediction.predict import predict as predict_chunks
    from galopt.prediction.predict import provenance
    from galopt.prediction.preprocess import read_chunk
    from galopt.prediction.training_galaxies import training_galaxies
    from galopt.prediction.unlike import COLUMN

    check_given(paths or [], catalog, mosaic or [])
    check_output(out, (), overwrite)
    prepare(read_chunk)  # while TensorFlow is loaded
    network = open_network(model)
    chunks = galaxies_in(paths or [], catalog, mosaic or [], network.bands)
    texts = (text for chunk in chunks for name in ("id", "file") for text in chunk.rows[name])
    check_output(out, texts, overwrite)
    if survey := network.origin.get("survey"):
        print(f"{network.origin['model']}, {network.origin.get('about') or f'trained on {survey}'}")
    _say_missing(network, errors)
    rejected, strangers = [], 0
    known = training_galaxies(network.origin.get("dataset"))

    def read() -> Iterator[pd.DataFrame]:
        nonlocal strangers
        for table, bad in predict_chunks(network, chunks, errors, known):
            rejected.append(bad)
            strangers += int((table[COLUMN] > 1).sum()) if COLUMN in table else 0
            yield table

    rows = write_predictions(read(), out, provenance(network, errors))
    if rows:
        print(f"{out}: {rows} galaxies, {', '.join(network.targets)}")
        if any(Path(path, "votes.csv").is_file() for path in paths or []):
            print("Its ids are the names of the files, not the ids of votes.csv")
    if known and known.met:
        print(
            f"{known.met} of {rows} are training galaxies of {known.folder}, which the network has "
            "learnt from: its answers for them are no test of it"
        )
    if strangers > MANY * rows:
        _warn(
            f"{strangers} of {rows} galaxies are unlike those that the network was trained on "
            f"({COLUMN} above 1): their fractions may mean nothing"
        )
    bad = pd.concat(rejected, ignore_index=True)
    if beside := write_rejected(bad, out):
        first = bad.iloc[0]
        line = f"{len(bad)} of {rows + len(bad)} galaxies cannot be read, listed in {beside}: "
        line += f"{first['file'] or first['id']}: {first['reason']}"
        if not rows:
            raise DataError(line)
        _warn(line)
        raise typer.Exit(1)


def _say_missing(network: "MorphologyModel", errors: bool) -> None:
    """Say which columns the table will do without, and why."""
    from galopt.prediction import calibration, unlike

    if network.unlike is None:
        print(
            f"No column {unlike.COLUMN}: it takes a training with {unlike.FEWEST} validation "
            "galaxies or more"
        )
    if errors and network.calibration is None and not network.learnt:
        print(
            f"Columns …_spread, which are no errors: those are calibrated on {calibration.FEWEST} "
            "validation galaxies or more, which this network did not have"
        )


def _warn(line: str) -> None:
    print(f"galopt: {line}", file=sys.stderr)
