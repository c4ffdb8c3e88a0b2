"""`galopt data`: look at a survey and its dataset before a network does."""

from pathlib import Path
from typing import Annotated

import typer

from galopt.paths import DATASET, PARAMS, SURVEY

app = typer.Typer(no_args_is_help=True, help="Look at galaxies before a network does.")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="the dataset")] = DATASET,
    out: Annotated[
        Path | None, typer.Option(help="the page [quality.html beside the images]")
    ] = None,
) -> None:
    """Say whether a dataset is sound, and write a page that shows why.

    Looks for votes that cannot be, galaxies and images on both sides of a split, splits that
    differ, and stamps that are blank, saturated, cut off or without signal. Exit status 1
    means that an error was found.

    * `galopt data check`

    * `galopt data check /mnt/shared/dataset --out quality.html`
    """
    from galopt.data import dataset, integrity, quality
    from galopt.report.html import HOW_TO_OPEN
    from galopt.report.quality import page

    data = dataset.load(folder)
    integrity.verify(folder, data.info, afresh=True)
    found = quality.check_dataset(data, folder.parent)
    path = out or folder / quality.PAGE
    page.write(found, path, folder.parent / "survey")
    for finding in found.findings:
        print(f"{finding.level}: {finding.title}")
    print(f"{found.summary()}; {path} ({HOW_TO_OPEN})")
    if not found.sound:
        raise typer.Exit(1)


@app.command()
def sheet(
    real: Annotated[
        str | None, typer.Option(help="folder or pattern of real stamps to put below")
    ] = None,
    overrides: Annotated[
        str, typer.Option(help="draw every galaxy so too, such as 'stamps.white=200'")
    ] = "",
    galaxies: Annotated[int, typer.Option(min=1, max=40, help="galaxies in a row")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="which galaxies of the survey")] = 0,
    out: Annotated[Path, typer.Option(help="the image to write")] = Path("sheet.png"),
    survey: Annotated[Path, typer.Option(help="the survey to draw from")] = SURVEY,
) -> None:
    """Draw a contact sheet of stamps: cut, framed and stretched as the dataset's are.

    Real stamps (FITS, or images as they are) lie below simulated ones of the same
    magnitude. With `--overrides` the same galaxies are drawn both ways.

    * `galopt data sheet --real my_stamps/`

    * `galopt data sheet --overrides 'stamps.white=200 stamps.softening=1'`
    """
    from galopt.config.load import load_run_config
    from galopt.data import contact_sheet as contact

    looks = {str(PARAMS): load_run_config("")}
    if overrides:
        looks[overrides] = load_run_config(overrides, sections=("stamps",))
    contact.write(out, looks, survey, real, galaxies, seed)
    print(out)
