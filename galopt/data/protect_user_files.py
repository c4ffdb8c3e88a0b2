"""The user's own files are never replaced: what the stages and runs write is theirs alone."""

from collections.abc import Iterator
from pathlib import Path

from galopt.config import Config
from galopt.errors import DataError
from galopt.paths import DATASET, OUTPUTS, STAMPS, STAMPS_TABLE, SURVEY

_MARKS = {SURVEY: SURVEY / "survey.json", STAMPS: STAMPS_TABLE, DATASET: DATASET / "dataset.json"}
"""What lies in, or beside, a folder that a stage has made."""
_PARTS = {"tiles", "votes.csv", "images.npy", "catalog.parquet", "quality.html"}
"""What is left of such a folder whose deletion was interrupted."""


def check_files(config: Config) -> None:
    """Refuse to write where files of the user lie, before anything is touched.

    Raises
    ------
    DataError
        It names the file or the parameter.
    """
    _check_inputs(config)
    _check_outputs()


def _check_inputs(config: Config) -> None:
    """Refuse galaxies of the user that lie where stages and runs write."""
    for key, path in _inputs(config):
        for output in OUTPUTS:
            if _overlap(path, output.resolve()):
                raise DataError(
                    f"{key}: {path} is, holds or lies in {output}, which is replaced when the "
                    "project runs: move your files to another folder, such as data/mine"
                )


def _check_outputs() -> None:
    """Refuse to replace a folder that no stage has made."""
    for folder, mark in _MARKS.items():
        if mark.exists() or not folder.is_dir():
            continue
        foreign = sorted({path.name for path in folder.iterdir()} - _PARTS)
        if foreign:
            raise DataError(
                f"{folder / foreign[0]} was not made by galopt, which is about to replace "
                f"{folder}: move your files to another folder, such as data/mine"
            )


def _inputs(config: Config) -> Iterator[tuple[str, Path]]:
    """Return the paths on this machine that the survey is made of, by their key."""
    survey = config.survey
    if survey.source == "folder" and survey.folder.path:
        folder = Path(survey.folder.path).expanduser()
        yield "survey.folder.path", folder.resolve()
        if survey.folder.votes:
            yield "survey.folder.votes", (folder / survey.folder.votes).resolve()
    if survey.source == "candels":
        for name in ("mosaic", "table"):
            given = getattr(survey.candels, name)
            if given and "://" not in given:
                yield f"survey.candels.{name}", Path(given).expanduser().resolve()


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)
