"""The `galopt` command. What trains, predicts or tracks is imported where it is used."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from galopt.cli_data import app as data
from galopt.cli_runs import compare, runs
from galopt.cli_search import app as search
from galopt.errors import DataError, exit_on_error

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Galaxy morphologies by deep learning: every day's work around `mlflow run` and `dvc`.",
    epilog="""Train with `uv run mlflow run . --env-manager local`, then:

* `galopt runs` lists what was tracked, the published results beside it

* `galopt compare RUN RUN` says whether one is really better

* `galopt predict my_galaxies/` uses the best on your own galaxies""",
)
app.add_typer(search, name="search")
app.add_typer(data, name="data")
app.command()(runs)
app.command()(compare)


def main() -> None:
    """Run the command; an error that the user can mend is one line and exit status 2."""
    with exit_on_error():
        app()


@app.command()
def params(
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="values to try")
    ] = None,
    file: Annotated[Path, typer.Option(help="the file of parameters")] = Path("params.yaml"),
) -> None:
    """Print every parameter, its value, meaning and bounds.

    What `params.yaml` leaves out comes from the preset, then from the defaults.

    * `galopt params`

    * `galopt params network.preset=ignat2016 train.epochs=2`
    """
    from rich.console import Console
    from rich.syntax import Syntax

    from galopt.params import describe, load

    text = describe(load(file, " ".join(overrides or ())))
    if sys.stdout.isatty():
        Console().print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        print(text, end="")


@app.command()
def report() -> None:
    """Write `report/index.html`: the network that `dvc repro` trained, beside the paper."""
    from galopt.report import write

    write(Path("report/index.html"))
    print("report/index.html")


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 5000,
    browser: Annotated[bool, typer.Option(help="open the experiment in the browser")] = True,
) -> None:
    """Start MLflow's web pages on this machine and open the experiment.

    * `galopt ui`

    * `galopt ui --no-browser --port 5001`
    """
    from galopt.tracking.server import serve

    serve(port, browser)


@app.command()
def predict(
    paths: Annotated[
        list[str], typer.Argument(help="images, folders of images, patterns such as 'a/*.fits'")
    ],
    model: Annotated[
        str, typer.Option(help="a registered model, a run's id or name, or a .keras file")
    ] = "models:/galopt@champion",
    out: Annotated[
        Path, typer.Option(help="the table to write: .csv, .parquet, .fits or .vot")
    ] = Path("predictions.csv"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace what exists")] = False,
) -> None:
    """Predict the vote fractions of your own galaxies.

    Takes JPEG, PNG, TIFF and FITS stamps, one galaxy in the centre of each, and writes
    `id,file` and one column a class. Images that cannot be read are listed, with the
    reason, in a table beside it, and the others are finished.

    * `galopt predict my_galaxies/`

    * `galopt predict 'a/*.jpg' b.fits --model 3f2a91c0 --out votes.fits`
    """
    from galopt import export
    from galopt.predict import find_files, open_network, provenance
    from galopt.predict import predict as predict_files

    files = find_files(paths)
    export.check(out, map(str, files), overwrite)
    network = open_network(model)
    table, rejected = predict_files(network, files)
    beside = export.write_rejected(rejected, out)
    if beside:
        first = rejected.iloc[0]
        line = f"{len(rejected)} of {len(files)} images cannot be read, listed in {beside}: "
        line += f"{first['file']}: {first['reason']}"
        if table.empty:
            raise DataError(line)
        print(f"galopt: {line}", file=sys.stderr)
    export.write(table, out, provenance(network))
    print(f"{out}: {len(table)} galaxies, {', '.join(network.targets)}")


if __name__ == "__main__":
    main()
