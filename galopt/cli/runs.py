"""`galopt runs` and `galopt compare`: what was tracked, as tables."""

from pathlib import Path
from typing import Annotated

import typer

Csv = Annotated[Path | None, typer.Option(help="write the table as CSV too")]
Latex = Annotated[Path | None, typer.Option(help="write the table as LaTeX too (booktabs)")]


def runs(csv: Csv = None, latex: Latex = None) -> None:
    """List the runs, the newest first, with the published results beside them.

    RMSE are of the test galaxies of each run's own survey: read each between its floor
    (what vote noise leaves to a perfect predictor) and its constant (always the mean).

    * `galopt runs`

    * `galopt runs --csv runs.csv --latex runs.tex`
    """
    from galopt.cli.run_tables import overview
    from galopt.cli.tables import save, show
    from galopt.tracking.queries import all_runs

    table = overview(all_runs())
    show(table, spare=("kind", "when"))
    save(table, csv, latex)


def compare(
    references: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="ids, their unique starts, or names")
    ],
    csv: Csv = None,
    latex: Latex = None,
) -> None:
    """Put runs side by side and say whether the difference to the first is real.

    Prints their metrics and the parameters in which they differ. Runs on the same
    dataset are compared galaxy by galaxy: a paired bootstrap gives the difference of
    RMSE with its 95 % interval.

    * `galopt compare 3f2a91c0 77b0`

    * `galopt compare 3f2a 77b0 c81d --latex table.tex`
    """
    from galopt.cli import run_tables
    from galopt.cli.tables import save, show
    from galopt.tracking.queries import all_runs, find_run

    known = all_runs()
    chosen = [find_run(reference, known) for reference in references]
    run_tables.check_runs(chosen)
    table = run_tables.side_by_side(chosen)
    show(table)
    differences = run_tables.differences(chosen)
    for run, difference in zip(chosen[1:], differences, strict=True):
        print(run_tables.sentence(chosen[0], run, difference))
        for words in run_tables.class_sentences(chosen[0], run, difference):
            print(words)
    save(run_tables.with_differences(table, differences), csv, latex)
