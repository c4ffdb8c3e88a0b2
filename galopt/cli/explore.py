"""`galopt explore`: all galaxies of a dataset or a folder on one page."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from galopt.cli.arguments import CHAMPION, Overwrite, Reference, open_network
from galopt.paths import DATASET

if TYPE_CHECKING:
    from galopt.prediction.model import MorphologyModel
    from galopt.report.explore.survey import Chunk


def explore(
    paths: Annotated[
        list[str] | None, typer.Argument(help="images, folders, patterns [the dataset here]")
    ] = None,
    model: Reference = CHAMPION,
    dataset: Annotated[Path, typer.Option(help="the dataset, where no images are named")] = DATASET,
    out: Annotated[Path, typer.Option(help="the page to write: .html")] = Path("explore.html"),
    overwrite: Overwrite = False,
) -> None:
    """Write a page of all galaxies: a map of what a network sees, with every image on it.

    It needs nothing beside it, neither a server nor internet access: up to 100,000 galaxies,
    coloured by votes, predictions, errors, magnitude, split or outlier score. That of a dataset
    is also logged in the model's run.

    * `galopt explore --model 3f2a91c0`

    * `galopt explore my_galaxies/ --model galopt.keras --out mine.html`
    """
    from galopt.errors import DataError
    from galopt.files import atomic_file
    from galopt.prediction.inputs import check_given

    if out.suffix != ".html":
        raise DataError(f"{out}: unknown format; choose .html")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; --overwrite replaces it")
    if paths:
        check_given(paths, None, [])
    elif not dataset.is_dir():
        raise DataError(f"there is no {dataset}: name images, or make it: uv run dvc repro rescale")
    opened = open_network(model)
    from galopt.report.explore.page import page
    from galopt.report.explore.survey import explore as look
    from galopt.report.html import HOW_TO_OPEN

    title, galaxies, chunks = _files(paths, opened) if paths else _stored(dataset, opened)
    explored = look(opened, chunks, galaxies)
    text = page(explored, title, opened.origin["model"])
    with atomic_file(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{out}: {len(explored.ids)} galaxies, {len(text) / 1e6:.1f} MB ({HOW_TO_OPEN})")
    if not paths and (run := opened.origin.get("run")):
        from galopt.tracking.runs import add_file  # here: loads MLflow

        add_file(run, out)


def _files(paths: list[str], model: "MorphologyModel") -> tuple[str, int, Iterable["Chunk"]]:
    from galopt.data.imaging.bands import find_galaxies
    from galopt.prediction.inputs import stamps_in
    from galopt.prediction.predict import read_stamps

    files = find_galaxies(paths, model.bands)
    read = read_stamps(model, stamps_in(files))
    return ", ".join(paths), len(files), ((stamps, good) for stamps, good, _ in read)


def _stored(folder: Path, model: "MorphologyModel") -> tuple[str, int, Iterable["Chunk"]]:
    from galopt.data.dataset import load
    from galopt.prediction.inputs import stored_in

    dataset = load(folder)
    return dataset.info["name"], len(dataset.catalog), stored_in(dataset, model)
