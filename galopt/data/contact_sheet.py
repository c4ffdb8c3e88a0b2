"""A contact sheet: galaxies as the stage `stamps` draws them, so that a stretch can be judged."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from galopt.config import Config, Work
from galopt.data.imaging.bands import find_galaxies, survey_bands
from galopt.data.imaging.composite import composite
from galopt.data.imaging.image_files import image_ids
from galopt.data.imaging.stamp_batch import StampBatch, stamp_chunk
from galopt.data.imaging.stamp_files import SIDE, read_stamp
from galopt.data.stamps import bands_of, stamp_survey
from galopt.errors import DataError
from galopt.files import atomic_file, read_json

DRAWN, GAP, TEXT = 168, 10, 15
"""Side of a stamp on the sheet, space around it, and height of a line of text, px."""

PAGE, INK, SOFT = "white", "#141414", "#6e6e6e"

_POOL = 12
"""Galaxies looked at for each one shown, from which the nearest in magnitude are taken."""


@dataclass(frozen=True)
class Strip:
    """A row of the sheet: galaxies of one survey, drawn one way.

    Attributes
    ----------
    title : str
    stamps : DataFrame
        ``id``, ``mag``, ``snr``, ``reason``; in the order drawn.
    pictures : list of Image or None
        None where there is a reason.
    """

    title: str
    stamps: pd.DataFrame
    pictures: list[Image.Image | None]


def write(
    path: Path,
    looks: dict[str, Config],
    survey: Path,
    real: str | None = None,
    galaxies: int = 8,
    seed: int = 0,
) -> None:
    """Draw galaxies of a survey, and real ones of like magnitude below them.

    Parameters
    ----------
    path : path
        Receives the sheet, as its ending says (such as .png).
    looks : dict
        Configurations by name, such as the one of `params.yaml` and a changed one; each
        galaxy is drawn once with each.
    survey : path
        A folder made by `galopt.data.survey.make_survey`.
    real : str, optional
        A folder, file or pattern of real stamps to put beside it.
    galaxies : int
        Galaxies in a row.
    seed : int
        Which galaxies are taken.

    Raises
    ------
    DataError
        There is no survey, no real stamp, or none that can be read.
    """
    ending = Image.registered_extensions().get(path.suffix.lower())
    if ending not in Image.SAVE:
        raise DataError(f"{path}: not a kind of image that can be written; try {path.stem}.png")
    if not (survey / "survey.json").exists():
        raise DataError(f"{survey}: no survey to draw; make it: uv run dvc repro survey")
    name = read_json(survey / "survey.json")["name"]
    first = next(iter(looks.values()))
    real_files = find_galaxies([real], first.survey.bands or ())[:galaxies] if real else []
    theirs = _stamp_files(real_files, first, "") if real else None
    wanted = theirs.stamps.mag if theirs is not None else None
    chosen = _choose(survey, first, galaxies, wanted, seed)
    strips = [_stamp_survey(chosen, survey, look, f"{name}: {how}") for how, look in looks.items()]
    if real:
        strips += [_stamp_files(real_files, look, f"{real}: {how}") for how, look in looks.items()]
    with atomic_file(path) as temporary:
        draw(strips).save(temporary, format=ending)


def draw(strips: Sequence[Strip]) -> Image.Image:
    """Return the sheet, in grey if all galaxies are, one strip below the other."""
    columns = max(len(strip.pictures) for strip in strips)
    height = DRAWN + 4 * TEXT + GAP
    modes = {picture.mode for strip in strips for picture in strip.pictures if picture}
    size = columns * (DRAWN + GAP) + GAP, len(strips) * height + GAP
    sheet = Image.new("L" if modes <= {"L"} else "RGB", size, PAGE)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, strip in enumerate(strips):
        top = number * height + GAP
        pen.text((GAP, top), strip.title, INK, ImageFont.load_default(14))
        for column, picture in enumerate(strip.pictures):
            left, row = GAP + column * (DRAWN + GAP), strip.stamps.iloc[column]
            if picture is not None:
                small = picture.resize((DRAWN, DRAWN), Image.Resampling.LANCZOS)
                sheet.paste(small, (left, top + TEXT + 6))
            for line, text in enumerate(_caption(row)):
                pen.text((left, top + DRAWN + (line + 1) * TEXT + 8), text, SOFT, font)
    return sheet


def _caption(row: pd.Series) -> list[str]:
    if isinstance(row.reason, str):
        return [row.id[:26], row.reason[:28]]
    known = [f"{row.mag:.1f} mag"] if np.isfinite(row.mag) else []
    known += [f"S/N {row.snr:.0f}"] if np.isfinite(row.snr) else []
    return [row.id[:26], "  ".join(known)]


def _choose(
    survey: Path, config: Config, galaxies: int, wanted: pd.Series | None, seed: int
) -> pd.DataFrame:
    """Return rows of the votes: like the wanted magnitudes, or evenly from bright to faint."""
    votes = pd.read_csv(survey / "votes.csv", dtype={"id": str, "file": str})
    pool = votes.sample(min(len(votes), _POOL * galaxies), random_state=seed)
    mag = _stamp_survey(pool, survey, config, "").stamps.mag.to_numpy(float)
    if not np.isfinite(mag).any():
        return pool.head(galaxies)
    if wanted is None:
        ranked = np.argsort(mag)[: np.isfinite(mag).sum()]
        places = np.linspace(0, len(ranked) - 1, min(galaxies, len(ranked))).round().astype(int)
        return pool.iloc[ranked[places]]
    taken: list[int] = []
    for magnitude in wanted.fillna(np.nanmedian(mag)):
        away = np.abs(mag - magnitude)
        away[taken] = np.inf
        taken.append(int(np.nanargmin(away)))
    return pool.iloc[taken]


def _stamp_survey(votes: pd.DataFrame, survey: Path, config: Config, title: str) -> Strip:
    bands = bands_of(votes, survey, config)
    large = config.rescale.model_copy(update={"pixels": SIDE})
    here = Work(workers=1)  # faster than to start more
    config = config.model_copy(update={"work": here, "rescale": large})
    with tempfile.TemporaryDirectory() as name:
        made = stamp_survey(votes, survey, config, Path(name), bands)
        return _strip(made, Path(name), bands, title)


def _stamp_files(files: Sequence[Path], config: Config, title: str) -> Strip:
    rows = pd.DataFrame({"id": image_ids(files), "file": list(map(str, files))})
    rows["stamp"] = [f"{number}.jpg" for number in range(len(rows))]
    bands = survey_bands([{"file": str(file)} for file in files], config.survey.bands)
    with tempfile.TemporaryDirectory() as name:
        made = stamp_chunk(StampBatch(rows, None), config.stamps, Path(name), bands)
        return _strip(pd.DataFrame(made), Path(name), bands, title)


def _strip(table: pd.DataFrame, folder: Path, bands: Sequence[str], title: str) -> Strip:
    table = table.reindex(columns=["id", "file", "mag", "snr", "reason"])
    bad = table.reason.notna()
    if bad.all():
        raise DataError(
            f"{table.file[0]}: {table.reason[0]}; no image of {len(table)} can be drawn"
        )
    pictures = []
    for file, lost in zip(table.file, bad, strict=True):
        picture = None
        if not lost:
            stamp = read_stamp(folder / Path(file).name, SIDE)
            picture = Image.fromarray(composite(stamp, bands))
        pictures.append(picture)
    return Strip(title, table, pictures)
