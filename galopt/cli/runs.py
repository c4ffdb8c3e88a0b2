"""`galopt runs` and `galopt compare`: what was tracked, as tables."""

from pathlib import Path
from typing import Annotated

import typer

Csv = Annotated[Path | None, typer.Option(help="write the table as CSV too")]
Latex = Annotated[Path | None, typer.Option(help="write the table as LaTeX too (booktabs)")]


def runs(
    sort: Annotated[
        str, typer.Option(help="when, name, survey, test_rmse, val, floor or constant")
    ] = "when",
    everything: Annotated[
        bool, typer.Option("--all", help="trials and members of ensembles too")
    ] = False,
    csv: Csv = None,
    latex: Latex = None,
) -> None:
    """List the runs, the newest first, with the published results below them.

    RMSE are of the test galaxies of each run's own survey: read each between its floor
    (what vote noise leaves to a perfect predictor) and its constant (always the mean);
    `way` is how far it is on the way from the constant to the floor, and `val` the lowest RMSE on
    the validation galaxies.

    * `galopt runs --sort test_rmse`

    * `galopt runs --csv runs.csv --latex runs.tex`
    """
    from galopt.cli.run_tables import overview
    from galopt.cli.tables import save, show
    from galopt.tracking.queries import all_runs

    table = overview(all_runs(), sort, everything)
    theirs = table["kind"] == "published"
    show(table[~theirs], spare=("kind", "survey", "floor", "constant"), cut="name")
    print("val: lowest RMSE on the validation galaxies. way: from the constant, 0 %, to the floor")
    if theirs.any():
        print("\nPublished, on other galaxies, so not to be compared with the runs above:")
        show(table.loc[theirs, ["id", "name", "survey", "test_rmse"]], cut="survey")
    save(table, csv, latex)


def compare(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN RUN...", help="ids, their unique starts, or names"),
    ] = None,
    last: Annotated[int | None, typer.Option(min=2, help="the newest so many runs")] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="also what a preset explains, losses and counts"),
    ] = False,
    csv: Csv = None,
    latex: Latex = None,
) -> None:
    """Say whether runs are really better than the first, and in what they differ.

    Runs on the same dataset are compared galaxy by galaxy: a paired bootstrap gives the
    difference of RMSE with its 95 % interval. Below it stand their metrics, and the parameters
    in which they differ; those that differ because their presets do are counted. Losses of
    different kinds are left out. Fewer than 30 test galaxies tell nothing. Epochs count from one.

    * `galopt compare --last 2`

    * `galopt compare 3f2a 77b0 c81d --latex table.tex`
    """
    from galopt.cli import run_tables
    from galopt.cli.tables import save, show
    from galopt.errors import GaloptError
    from galopt.tracking.queries import all_runs, find_run

    if bool(references) == bool(last):
        raise GaloptError("name two or more runs, or give --last 2; galopt runs lists them")
    known = all_runs()
    chosen = (
        run_tables.last(known, last)
        if last
        else [find_run(reference, known) for reference in references or ()]
    )
    run_tables.check_runs(chosen)
    differences = run_tables.differences(chosen)
    for run, difference in zip(chosen[1:], differences, strict=True):
        print(run_tables.sentence(chosen[0], run, difference))
        for words in run_tables.class_sentences(chosen[0], run, difference):
            print(words)
    show(run_tables.side_by_side(chosen, everything))
    table = run_tables.side_by_side(chosen)
    save(run_tables.with_differences(table, differences), csv, latex)
