"""Pictures in, vote fractions out, by the same way that made the training stamps."""

import glob
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import galopt
from galopt import params
from galopt.config import Stamps
from galopt.dataset import read_stamp
from galopt.errors import DataError, GaloptError
from galopt.files import read_json
from galopt.images import FITS_NAMES
from galopt.parallel import map_cores
from galopt.stamps import Chunk, stamp_chunk

CHAMPION = "models:/galopt@champion"
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", *FITS_NAMES)
_CHUNK = 64


@dataclass(frozen=True)
class Network:
    """A trained network, ready for pictures.

    Attributes
    ----------
    fractions : callable
        Stamps (N, S, S) uint8 to vote fractions (N, T).
    targets : list of str
        Names of the T fractions.
    side : int
        Side S of the stamps, px.
    stamps : Stamps
        How its training stamps were made.
    origin : dict of str
        Where it comes from.
    """

    fractions: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    targets: list[str]
    side: int
    stamps: Stamps
    origin: dict[str, str]


def open_network(reference: str) -> Network:
    """Load a network: a registered model, a run's model, or a `.keras` file.

    Parameters
    ----------
    reference : str
        ``models:/galopt@champion``, ``models:/galopt/3``, a run's id, its unique start or
        its name, or the path of a `.keras` file of this project.

    Raises
    ------
    GaloptError
        There is no such model.
    """
    if reference.endswith(".keras"):
        return _from_file(Path(reference))
    from galopt.tracking.models import open_model

    tracked = open_model(reference)
    stamps = Stamps.model_validate(
        {
            key.removeprefix("stamps."): value
            for key, value in tracked.params.items()
            if key.startswith("stamps.")
        }
    )

    def fractions(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return tracked.model.predict(images)[tracked.targets].to_numpy(np.float32)

    return Network(fractions, tracked.targets, tracked.side, stamps, tracked.origin)


def find_files(paths: Sequence[str]) -> list[Path]:
    """Return the image files that paths mean, each once.

    Parameters
    ----------
    paths : sequence of str
        Files; folders, searched to their depths for JPEG, PNG, TIFF and FITS names; or
        patterns with ``*``, ``?``, ``**``.

    Raises
    ------
    DataError
        A path means no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        files = _files(path)
        if not files:
            raise DataError(f"{path}: no image there (known are {', '.join(SUFFIXES)})")
        found |= dict.fromkeys(files)
    return list(found)


def predict(network: Network, files: Sequence[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict the vote fractions of image files, decoded on all cores in bounded memory.

    Parameters
    ----------
    network : Network
    files : sequence of path
        JPEG, PNG, TIFF or FITS stamps, each with its galaxy in the centre.

    Returns
    -------
    predicted : DataFrame
        ``id`` (the file's name without its ending), ``file``, one column a target.
    rejected : DataFrame
        ``id``, ``file``, ``reason`` of those that could not be read.
    """
    chunks = [list(files[start : start + _CHUNK]) for start in range(0, len(files), _CHUNK)]
    work = partial(read_chunk, config=network.stamps, pixels=network.side)
    done, rejected = [], []
    for stamps, rows, bad in map_cores(work, chunks, "Predicting"):
        rejected += bad
        if rows:
            fractions = pd.DataFrame(network.fractions(stamps), columns=network.targets)
            done.append(pd.concat([pd.DataFrame(rows), fractions], axis=1))
    empty = pd.DataFrame(columns=["id", "file", *network.targets])
    return (
        pd.concat(done, ignore_index=True) if done else empty,
        pd.DataFrame(rejected, columns=["id", "file", "reason"]),
    )


def read_chunk(
    files: Sequence[Path], config: Stamps, pixels: int
) -> tuple[NDArray[np.uint8], list[dict[str, str]], list[dict[str, str]]]:
    """Make stored stamps of image files as the stages `stamps` and `rescale` make them.

    Returns
    -------
    stamps : array, shape (M, pixels, pixels), uint8
    rows : list of dict
        ``id`` and ``file`` of the M images that could be read.
    rejected : list of dict
        ``id``, ``file`` and ``reason`` of the others.
    """
    rows = [{"id": image_id(file), "file": str(file)} for file in files]
    table = pd.DataFrame(rows).assign(stamp=[f"{number}.jpg" for number in range(len(rows))])
    with tempfile.TemporaryDirectory() as name:
        made = stamp_chunk(Chunk(table, None), config, Path(name))
        good = [number for number, row in enumerate(made) if row["reason"] is None]
        stamps = [read_stamp(Path(name) / f"{number}.jpg", pixels) for number in good]
    bad = [rows[n] | {"reason": row["reason"]} for n, row in enumerate(made) if row["reason"]]
    shape = (len(good), pixels, pixels)
    return np.array(stamps, np.uint8).reshape(shape), [rows[number] for number in good], bad


def provenance(network: Network) -> dict[str, str]:
    """Return what a table of predictions says of its making."""
    made = {"creator": f"galopt {galopt.__version__}", "date": f"{pd.Timestamp.now('UTC'):%FT%TZ}"}
    return made | network.origin


def image_id(file: Path) -> str:
    """Return a file's name without the ending that says it is an image."""
    ending = max((s for s in SUFFIXES if file.name.lower().endswith(s)), key=len, default="")
    return file.name.removesuffix(file.name[-len(ending) :]) if ending else file.name


def _files(path: str) -> list[Path]:
    if Path(path).is_file():
        return [Path(path)]
    inside = (
        Path(path).rglob("*") if Path(path).is_dir() else map(Path, glob.glob(path, recursive=True))
    )
    return sorted(
        file for file in inside if file.name.lower().endswith(SUFFIXES) and file.is_file()
    )


def _from_file(path: Path) -> Network:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    from galopt.evaluation import predict as fractions
    from galopt.networks import load_model

    model = load_model(path)
    try:
        targets = read_json("data/dataset/dataset.json")["targets"]
    except FileNotFoundError:
        targets = []
    if len(targets) != model.output_shape[1]:
        raise GaloptError(
            f"{path}: data/dataset/dataset.json does not name its {model.output_shape[1]} "
            "fractions; start in the folder where it was trained, or give its run's id"
        )
    stamps = params.load().stamps if Path("params.yaml").exists() else Stamps()
    origin = {"model": str(path)}
    return Network(partial(fractions, model), targets, model.input_shape[1], stamps, origin)
