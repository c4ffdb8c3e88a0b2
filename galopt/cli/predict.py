"""`galopt predict`: the vote fractions of the user's own galaxies, in a table or a folder."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    import pandas as pd

    from galopt.config import Work
    from galopt.data.imaging.stamp_batch import StampBatch
    from galopt.prediction.model import MorphologyModel
    from galopt.prediction.parts import Counts

MANY = 0.1
"""Share of galaxies unlike the training galaxies, of which 0.01 are, that is worth a warning."""


@dataclass(frozen=True)
class Output:
    """What is to be written, as the command line says it."""

    out: str
    errors: bool
    embed: bool
    overwrite: bool
    cluster: str | None
    workers: int | None

    @property
    def path(self) -> Path:
        """Where it goes."""
        return Path(self.out)

    def work(self) -> "Work":
        """Return who works."""
        from galopt.config import Work

        return Work(cluster=self.cluster, workers=self.workers)


def predict(
    paths: Images = None,
    catalog: Catalog = None,
    mosaic: Mosaic = None,
    model: Reference = CHAMPION,
    errors: Annotated[
        bool, typer.Option("--errors", help="add calibrated errors: …_err, …_low, …_high")
    ] = False,
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE|FOLDER/",
            help="the table to write, .csv, .parquet, .fits or .vot; or a folder, whose name ends "
            "in /, for a Parquet file per 4,096 galaxies",
        ),
    ] = str(PREDICTIONS),
    overwrite: Overwrite = False,
    embed: Annotated[
        bool, typer.Option("--embed", help="into a folder: add what the network sees, features")
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="CLUSTER",
            help="into a folder: clusters/slurm.yaml or such a file, a Dask scheduler's address, "
            "local",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="of the cluster, jobs at once; one per core of this machine"),
    ] = None,
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

    A whole survey goes into a folder, here or as jobs of a cluster. The same command goes on after
    whatever has stopped it; `pandas.read_parquet('survey/')` reads all, and of
    `survey/_rejected` what could not be read.

    * `galopt predict --catalog sky.parquet --mosaic 'a.fits' --mosaic 'b.fits' --out survey/`

    * `galopt predict stamps/ --out survey/ --cluster clusters/slurm.yaml --workers 32`
    """
    from galopt.compute.killable import prepare
    from galopt.prediction.inputs import check_given, galaxies_in
    from galopt.prediction.preprocess import read_chunk
    from galopt.prediction.survey_folder import is_folder

    given = paths or [], catalog, mosaic or []
    output = Output(out, errors, embed, overwrite, cluster, workers)
    folder = is_folder(out)
    check_given(*given)
    _check_folder(output) if folder else _check_table(output)
    if cluster is None:
        prepare(read_chunk)  # while TensorFlow is loaded
    network = open_network(model)
    batches = galaxies_in(*given, network.bands)
    if survey := network.origin.get("survey"):
        print(f"{network.origin['model']}, {network.origin.get('about') or f'trained on {survey}'}")
    _say_missing(network, errors)
    write = _into_folder if folder else _into_table
    counts, rejected = write(network, batches, output)
    if counts.predicted and any(Path(path, "votes.csv").is_file() for path in given[0]):
        print("Its ids are the names of the files, not the ids of votes.csv")
    _say_what_they_are(network, counts)
    _end(counts, rejected)


def _check_table(output: Output) -> None:
    """Refuse what a table cannot be, and one that is in the way."""
    from galopt.errors import DataError
    from galopt.prediction.output import check_output

    for option, given in (
        ("--cluster", output.cluster),
        ("--workers", output.workers),
        ("--embed", output.embed),
    ):
        if given:
            raise DataError(
                f"{option} is for a folder of predictions, whose name ends in /: --out survey/"
            )
    check_output(output.path, (), output.overwrite)


def _check_folder(output: Output) -> None:
    """Refuse a folder that holds something else, and a cluster that is none."""
    from galopt.errors import DataError
    from galopt.prediction.survey_folder import check_folder

    check_folder(output.path)
    if output.cluster:
        from galopt.compute.clusters import check_cluster  # here, to spare others Dask

        check_cluster(output.cluster)
    elif output.workers:
        raise DataError("--workers is for a cluster: --cluster local, or clusters/slurm.yaml")


def _into_table(
    network: "MorphologyModel", batches: Sequence["StampBatch"], output: Output
) -> tuple["Counts", str]:
    """Write one table; return what became of the galaxies, and what was rejected, in words."""
    import pandas as pd

    from galopt.prediction.output import check_output, write_predictions, write_rejected
    from galopt.prediction.parts import Counts
    from galopt.prediction.predict import predict as predict_chunks
    from galopt.prediction.predict import provenance
    from galopt.prediction.training_galaxies import training_galaxies

    path, rejected, counts = output.path, [], Counts()
    texts = (text for batch in batches for name in ("id", "file") for text in batch.rows[name])
    check_output(path, texts, output.overwrite)
    known = training_galaxies(network.origin.get("dataset"))

    def read() -> Iterator["pd.DataFrame"]:
        nonlocal counts
        for table, bad in predict_chunks(network, batches, output.errors, known):
            rejected.append(bad)
            counts += Counts.of(table, bad)
            yield table

    rows = write_predictions(read(), path, provenance(network, output.errors))
    if rows:
        print(f"{path}: {rows} galaxies, {', '.join(network.targets)}")
    counts += Counts(known=known.met if known else 0)
    bad = pd.concat(rejected, ignore_index=True)
    if not (beside := write_rejected(bad, path)):
        return counts, ""
    first = bad.iloc[0]
    return counts, f"listed in {beside}: {first['file'] or first['id']}: {first['reason']}"


def _into_folder(
    network: "MorphologyModel", batches: Sequence["StampBatch"], output: Output
) -> tuple["Counts", str]:
    """Write a folder of parts; return what `_into_table` does, of all that lies there."""
    from galopt.errors import DataError
    from galopt.prediction.parts import REJECTED, first_rejected, parts_of
    from galopt.prediction.predict import FEATURES
    from galopt.prediction.survey import predict_survey

    folder, options = output.path, (output.errors, output.embed, output.work(), output.overwrite)
    if output.embed and FEATURES in network.targets:
        raise DataError(f"a fraction is called {FEATURES}: use galopt embed for the features")
    try:
        counts = predict_survey(network, batches, folder, *options)
    except KeyboardInterrupt:
        _warn("stopped; the same command goes on from here")
        raise typer.Exit(130) from None
    print(
        f"{folder}/: {counts.predicted:,} galaxies in {_several(len(parts_of(batches)), 'part')}, "
        f"{', '.join(network.targets)}; pandas.read_parquet('{folder}') reads all"
    )
    listed = f"listed in {folder / REJECTED}/: "
    return counts, listed + first_rejected(folder) if counts.rejected else ""


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


def _say_what_they_are(network: "MorphologyModel", counts: "Counts") -> None:
    """Say how many are training galaxies, and whether too many are unlike those."""
    from galopt.prediction.training_galaxies import dataset_here
    from galopt.prediction.unlike import COLUMN

    if counts.known:
        print(
            f"{counts.known} of {counts.predicted} are training galaxies of "
            f"{dataset_here(network.origin.get('dataset'))}, which the network has learnt from: "
            "its answers for them are no test of it"
        )
    if counts.unlike > MANY * counts.predicted:
        _warn(
            f"{counts.unlike} of {counts.predicted} galaxies are unlike those that the network was "
            f"trained on ({COLUMN} above 1): their fractions may mean nothing"
        )


def _end(counts: "Counts", rejected: str) -> None:
    """End with a status that says whether every galaxy could be read."""
    from galopt.errors import DataError

    if not counts.rejected:
        return
    galaxies = counts.predicted + counts.rejected
    line = f"{counts.rejected} of {galaxies} galaxies cannot be read, {rejected}"
    if not counts.predicted:
        raise DataError(line)
    _warn(line)
    raise typer.Exit(1)


def _several(count: int, name: str) -> str:
    return f"{count:,} {name}{'s' * (count != 1)}"


def _warn(line: str) -> None:
    print(f"galopt: {line}", file=sys.stderr)
