"""`galopt label`: people look at galaxies, in the order that teaches a network most."""

from pathlib import Path
from typing import Annotated

import typer

from galopt.cli.arguments import open_network


def label(
    paths: Annotated[list[str], typer.Argument(help="images, folders, patterns: as for predict")],
    targets: Annotated[
        str | None, typer.Option(help="classes, such as spiral,smooth; to begin with only")
    ] = None,
    several: Annotated[
        bool, typer.Option("--several", help="a galaxy may be several of them; to begin with only")
    ] = False,
    model: Annotated[
        str | None, typer.Option(help="show what teaches this model most; random without")
    ] = None,
    people: Annotated[int, typer.Option(min=1, help="people who look at each galaxy")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="the votes to write: .csv [votes.csv in the folder]")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 5002,
    browser: Annotated[bool, typer.Option(help="open the page in the browser")] = True,
) -> None:
    """Ask people what galaxies are, on a page of this machine, and write their votes.

    Every answer is kept on the disk at once, and the next start goes on from there. The folder
    can then be trained on: `survey.source=folder survey.folder.path=FOLDER`.

    * `galopt label my_galaxies/ --targets spiral,smooth,merger`

    * `galopt label my_galaxies/ --model 3f2a91c0`
    """
    from galopt.config import Stamps
    from galopt.data.imaging.bands import find_galaxies, survey_bands
    from galopt.errors import DataError
    from galopt.labelling.start import (
        answers_beside,
        drawer,
        random_session,
        serve,
        taught_session,
    )
    from galopt.prediction.inputs import check_given

    names = [name.strip() for name in targets.split(",")] if targets else None
    votes = out or (Path(paths[0]) if Path(paths[0]).is_dir() else Path()) / "votes.csv"
    if votes.suffix != ".csv":
        raise DataError(f"{votes}: unknown format; choose .csv")
    answers = answers_beside(votes, names, several)
    if model is None:
        files = find_galaxies(paths, ())
        stamps, bands = Stamps(), list(survey_bands([{"file": str(file)} for file in files], None))
        session = random_session(files, answers, votes, people)
    else:
        check_given(paths, None, [])
        opened = open_network(model)
        stamps, bands = opened.stamps, list(opened.bands)
        session = taught_session(opened, find_galaxies(paths, bands), answers, votes, people)
    serve(session, drawer(stamps, bands), port, browser)
