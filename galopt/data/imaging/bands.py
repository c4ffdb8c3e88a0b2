"""Planes of a galaxy: which a survey has, where they lie, and which of a file are wanted."""

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from galopt.data.imaging.image_files import COLOURS, Frame, find_files, read_image
from galopt.data.imaging.pillow_image import Needed
from galopt.errors import ConfigError, DataError

GREY = ("grey",)
"""The one plane of a survey without colours."""

BAND = "{band}"
"""Stands for the name of a band in the name of a file, where each band has a file of its own."""

LOOKED_AT = 32
"""Files that tell which planes a survey has, where it is not stated."""

FILE_OF = "file_"
"""With the name of a band: the column of its files, where a table has one for each band."""

_ALIKE = 2
"""Levels by which the colours of a grey image may differ after JPEG."""


def band_files(row: Mapping[str, Any], bands: Sequence[str]) -> list[str]:
    """Return the file of each band of a galaxy, or the one that holds them all.

    Parameters
    ----------
    row : mapping
        ``file``, in which ``{band}`` may stand for a band; or ``file_<band>`` for each band.
    bands : sequence of str
    """
    if there := _bands_of_columns(row):
        wanted = there if tuple(bands) == GREY else bands
        return [str(row[f"{FILE_OF}{band}"]) for band in wanted]
    if BAND in str(row["file"]):
        return [str(row["file"]).replace(BAND, band) for band in bands]
    return [str(row["file"])]


def read_bands(files: Sequence[str], bands: Sequence[str], side: int | None = None) -> Frame:
    """Read the planes of one galaxy, (H, W, C), in the order of the bands.

    Of an image in grey, or where the number of planes is that of the bands, whatever they
    are called. `grey` of numbers with several planes or files leaves them, to be averaged when
    each is stretched.

    Parameters
    ----------
    files, bands : sequence of str
        From `band_files`, and the planes wanted.
    side : int, optional
        To which an image will be reduced, px, so that one file may be decoded smaller.

    Raises
    ------
    ValueError
        A file cannot be read or a band is not there; the message is the reason.
    """
    if len(files) > 1:
        frame = _read_each(files, bands)
    else:
        needed = Needed(side, grey=tuple(bands) == GREY) if side else None
        frame = read_image(files[0], bands, needed)
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[..., None]
    return Frame(_wanted(pixels, frame, bands), frame.header, tuple(bands))


def survey_bands(rows: Sequence[Mapping[str, Any]], stated: Sequence[str] | None) -> list[str]:
    """Return the bands of a survey of files: those stated, else those that most of some have.

    Parameters
    ----------
    rows : sequence of mapping
        ``file`` of each galaxy; see `band_files`.
    stated : sequence of str, optional
        `survey.bands`.

    Raises
    ------
    ConfigError
        Each band has a file of its own, and nobody says which bands there are, or one is
        stated that has no column of files.
    """
    columns = _bands_of_columns(rows[0])
    if columns and tuple(stated or ()) != GREY and not set(stated or ()) <= set(columns):
        raise ConfigError(
            f"survey.bands: the table has files of {', '.join(columns)}; name some of them, or grey"
        )
    if stated or columns:
        return list(stated or columns)
    if any(BAND in str(row["file"]) for row in rows):
        raise ConfigError(
            f"files are named with {BAND}: name the bands, such as survey.bands: [v, z, j, h]"
        )
    chosen = [rows[at] for at in _evenly(len(rows))]
    seen = Counter(found for row in chosen if (found := _bands_in(row["file"])))
    return list(seen.most_common(1)[0][0]) if seen else list(GREY)


def find_galaxies(paths: Sequence[str], bands: Sequence[str]) -> list[Path]:
    """Return the files of galaxies as `galopt.data.imaging.image_files.find_files` does.

    A path may hold ``{band}`` once. What is returned then holds it too, once for each galaxy
    of which there is any band.

    Raises
    ------
    DataError
        A path means no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if BAND in path:
            named = {file for band in bands for file in _unnamed(path, band)}
            if not named:
                raise DataError(f"{path}: no image there of the bands {', '.join(bands)}")
            found |= dict.fromkeys(sorted(named))
        else:
            found |= dict.fromkeys(find_files([path]))
    return list(found)


def _unnamed(path: str, band: str) -> list[Path]:
    """Return the files that a pattern means for a band, with the band's name taken out."""
    before, after = (fnmatch.translate(part)[4:-3] for part in path.split(BAND, 1))
    name = re.compile(f"{before}({re.escape(band)}){after}", re.DOTALL)
    files = glob.glob(path.replace(BAND, glob.escape(band)), recursive=True)
    places = [(file, match.span(1)) for file in files if (match := name.fullmatch(file))]
    return [Path(file[:start] + BAND + file[end:]) for file, (start, end) in places]


def _bands_of_columns(row: Mapping[str, Any]) -> list[str]:
    """Return the bands for which a row names a file each, in the order of the columns."""
    return [str(name)[len(FILE_OF) :] for name in row if str(name).startswith(FILE_OF)]


def _evenly(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, LOOKED_AT)).astype(int)).tolist()


def _bands_in(file: str) -> tuple[str, ...] | None:
    """Return the planes of a file; None if it cannot be read."""
    try:
        frame = read_image(file)
    except ValueError:
        return None
    if frame.planes == 1 or (frame.bands == COLOURS and _is_grey(frame.pixels)):
        return GREY
    return frame.bands or tuple(f"plane_{number}" for number in range(1, frame.planes + 1))


def _is_grey(levels: np.ndarray) -> bool:
    return bool(np.ptp(levels.astype(np.int16), axis=2).max() <= _ALIKE)


def _read_each(files: Sequence[str], bands: Sequence[str]) -> Frame:
    frames = []
    names = bands if len(bands) == len(files) else [Path(file).name for file in files]
    for file, band in zip(files, names, strict=True):
        try:
            frames.append(read_image(file) if file and file != "nan" else _missing())
        except ValueError as error:
            raise ValueError(f"band {band}: {error}") from None
        if frames[-1].planes > 1:
            raise ValueError(f"band {band}: {Path(file).name} has {frames[-1].planes} planes")
    sizes = {frame.pixels.shape: frame for frame in frames}
    if len(sizes) > 1:
        said = ", ".join(f"{f.pixels.shape[1]}x{f.pixels.shape[0]}" for f in frames)
        raise ValueError(f"the bands have different sizes: {said} px")
    if len({frame.is_picture for frame in frames}) > 1:
        raise ValueError("some bands are JPEG, PNG or TIFF, others FITS")
    return Frame(np.stack([frame.pixels for frame in frames], axis=-1), frames[-1].header)


def _missing() -> Frame:
    raise ValueError("no file")


def _wanted(pixels: np.ndarray, frame: Frame, bands: Sequence[str]) -> np.ndarray:
    if tuple(bands) == GREY:
        picture = frame.is_picture and pixels.shape[2] == len(COLOURS)
        return np.asarray(Image.fromarray(pixels).convert("L"))[..., None] if picture else pixels
    names = [name.lower() for name in frame.bands]
    if set(names) >= {band.lower() for band in bands}:
        return pixels[..., [names.index(band.lower()) for band in bands]]
    if pixels.shape[2] != len(bands):
        planes = f"{pixels.shape[2]} plane{'s' * (pixels.shape[2] > 1)}"
        raise ValueError(f"{planes} where the bands {', '.join(bands)} are wanted")
    return pixels
