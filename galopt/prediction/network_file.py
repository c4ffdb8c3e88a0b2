"""A `.keras` file that carries how to use its network: targets, views, stretch, errors."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pydantic import ValidationError, field_validator

from galopt.config import Evaluate, Stamps
from galopt.config.base import Section
from galopt.data.imaging.bands import GREY
from galopt.errors import DataError
from galopt.files import atomic_file, read_json
from galopt.prediction.calibration import Calibration
from galopt.prediction.unlike import Unlike

_ENTRY = "galopt.json"
"""Name inside the `.keras` archive, of which Keras reads only the entries that it knows."""

_OLD = "served.json"
"""What models of before version 0.2 have beside their networks instead."""

_MAX_BYTES = 1 << 20


class Usage(Section):
    """What a network's numbers mean, and what it must be given."""

    targets: list[str]
    views: Evaluate
    stamps: Stamps
    bands: list[str] = list(GREY)
    calibration: Calibration | None = None
    unlike: Unlike | None = None

    @field_validator("stamps", mode="before")
    @classmethod
    def _before_pictures_went_straight(cls, stamps: Any) -> Any:
        return {"detour": True} | stamps if isinstance(stamps, dict) else stamps


def write_network(network: Any, usage: Usage, path: Path) -> None:
    """Write a network (keras.Model) and its usage into one `.keras` file."""
    with atomic_file(path) as temporary:
        network.save(temporary)
        with ZipFile(temporary, "a") as archive:
            archive.writestr(_ENTRY, usage.model_dump_json())


def read_usage(path: Path) -> tuple[Usage, list[Path]]:
    """Read how the networks of a file or a folder are used, and name their files.

    Raises
    ------
    DataError
        There is no network, or it does not say; in one line.
    """
    files = sorted(path.glob("member_*.keras")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: no network there (member_00.keras)")
    if not files[0].is_file():
        raise DataError(f"{path}: no such file")
    old = path / _OLD
    content = _read(old) if old.is_file() else _inside(files[0])
    if content is None:
        raise DataError(
            f"{path}: does not name its fractions; it was written before version 0.2, or not as "
            "a model: start in the folder where it was trained, or give its run's id"
        )
    return _parse(content, path), files


def has_usage(path: Path) -> bool:
    """Whether a `.keras` file carries its usage; those of before version 0.2 do not."""
    return _inside(path) is not None


def _parse(content: Any, path: Path) -> Usage:
    try:
        return Usage.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}"
    raise DataError(f"{path}: not of this version of galopt: {reason}")


def _read(file: Path) -> Any:
    try:
        return read_json(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: not of galopt: {error}") from None


def _inside(path: Path) -> Any:
    try:
        with ZipFile(path) as archive, archive.open(_ENTRY) as entry:
            return json.loads(entry.read(_MAX_BYTES))
    except KeyError:
        return None
    except Exception as error:  # hostile archives raise nearly anything
        raise DataError(f"{path}: not a trained network ({error})") from None
