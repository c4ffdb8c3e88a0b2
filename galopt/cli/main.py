"""The `galopt` command. What trains, predicts or tracks is imported where it is used."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from galopt.cli.data import app as data
from galopt.cli.embed import embed, outliers, similar
from galopt.cli.explore import explore
from galopt.cli.export import export
from galopt.cli.init import init
from galopt.cli.label import label
from galopt.cli.predict import predict
from galopt.cli.runs import compare, runs
from galopt.cli.search import app as search
from galopt.cli.serve import serve
from galopt.compute.versions import VERSION
from galopt.errors import command_line
from galopt.paths import PARAMS, REPORT, REPORTS

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Galaxy morphologies by deep learning: every day's work around `mlflow run` and `dvc`.",
    epilog="""Train with `galopt demo` or `uv run mlflow run . --env-manager local`, then:

* `galopt runs` lists what was tracked, the published results beside it

* `galopt compare RUN RUN` says whether one is really better

* `galopt predict my_galaxies/` uses the best on your own galaxies""",
)
app.add_typer(search, name="search")
app.add_typer(data, name="data")
app.command()(init)
app.command()(runs)
app.command()(compare)
app.command()(predict)
app.command()(embed)
app.command()(similar)
app.command()(outliers)
app.command()(explore)
app.command()(label)
app.command()(serve)
app.command()(export)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"galopt {VERSION}")
        raise typer.Exit


@app.callback()
def galopt(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="say the version"),
    ] = False,
) -> None:
    """Take the options of the program itself."""


def main() -> None:
    """Run the command; an error that the user can fix is one line and exit status 2."""
    with command_line():
        app()


@app.command()
def demo() -> None:
    """Train a first network in minutes, on a small simulated survey of its own.

    It is tracked like every run; `params.yaml` and `data/` are left alone.

    * `galopt demo`
    """
    from galopt.compute.keras_startup import start_keras
    from galopt.compute.progress import busy

    start_keras()
    with busy("Starting MLflow"):
        from galopt.experiments.demo import demo as run

    run()


@app.command()
def params(
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="values to try")
    ] = None,
    file: Annotated[Path, typer.Option(help="the file of parameters")] = PARAMS,
) -> None:
    """Print every parameter, its value, meaning and bounds.

    What `params.yaml` leaves out comes from the preset, then from the defaults.

    * `galopt params`

    * `galopt params network.preset=ignat2016 train.epochs=2`
    """
    from rich.console import Console
    from rich.syntax import Syntax

    from galopt.config.describe import describe
    from galopt.config.load import load_config

    text = describe(load_config(file, " ".join(overrides or ())))
    if sys.stdout.isatty():
        Console().print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        print(text, end="")


@app.command()
def report(
    run: Annotated[str | None, typer.Argument(help="a tracked run: its id, name or start")] = None,
) -> None:
    """Write the page of a run again, beside the paper and with what was found since.

    Without RUN it is `report/index.html`, of the network that `dvc repro` trained.

    * `galopt report 3f2a91c0`
    """
    from galopt.report.html import HOW_TO_OPEN
    from galopt.report.run.page import save_report, write_report

    if run is None:
        write_report(path := REPORT)
    else:
        from galopt.report.run.tracked import read_report
        from galopt.tracking.queries import all_runs, find_run

        found = find_run(run, all_runs())
        save_report(read_report(found), path := REPORTS / f"{found.id[:8]}.html")
    print(f"{path} ({HOW_TO_OPEN})")


@app.command()
def ui(
    run: Annotated[str | None, typer.Argument(help="open this run, not the table of all")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 5000,
    browser: Annotated[bool, typer.Option(help="open the page in the browser")] = True,
) -> None:
    """Start MLflow's web pages on this machine and open the experiment, or a run.

    * `galopt ui`

    * `galopt ui 3f2a91c0 --no-browser --port 5001`
    """
    from galopt.tracking.ui import serve

    serve(port, browser, run)
