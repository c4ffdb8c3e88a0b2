"""The folder of a survey's predictions: what it is of, so that parts of two are never mixed."""

import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from galopt.compute.versions import VERSION
from galopt.config.base import Section
from galopt.data.imaging.stamp_batch import StampBatch
from galopt.errors import DataError
from galopt.files import atomic_file, flush
from galopt.prediction import parts
from galopt.prediction.model import MorphologyModel
from galopt.prediction.parts import REJECTED
from galopt.prediction.predict import provenance

MANIFEST = "_manifest.json"
MODEL = "_model"
"""Folder of the networks, from which the workers of a cluster load them."""
LOCK = "_lock"
_PARTS = "part-*.parquet"
_OURS = (MANIFEST, MODEL, LOCK, f"{LOCK}.owner", REJECTED)


class Manifest(Section):
    """What the predictions in a folder are of; written before the first.

    Attributes
    ----------
    about : str
        How the folder is read, for a person who finds it.
    galopt : str
        Version.
    network, inputs : str
        Hashes: of networks and their usage; of ids, files and positions, in their order.
    galaxies, part : int
        How many there are in all, and in a part at most.
    errors, features : bool
        Whether each has errors, and what the network sees.
    provenance : dict of str
        Of every part.
    """

    about: str = (
        "Predictions of `galopt predict`: pandas.read_parquet of this folder reads all, of "
        f"{REJECTED}/ what could not be read"
    )
    galopt: str = VERSION
    network: str
    inputs: str
    galaxies: int
    part: int
    errors: bool
    features: bool
    provenance: dict[str, str]

    @property
    def survey(self) -> str:
        """Tells parts of this survey from those of any other."""
        return blake2b(self.model_dump_json().encode(), digest_size=16).hexdigest()


def manifest_of(
    model: MorphologyModel, batches: Sequence[StampBatch], errors: bool, features: bool
) -> Manifest:
    """Return the manifest of predictions that have not begun."""
    return Manifest(
        network=model.fingerprint(),
        inputs=hash_inputs(batches),
        galaxies=sum(len(batch.rows) for batch in batches),
        part=parts.GALAXIES,
        errors=errors,
        features=features,
        provenance=provenance(model, errors),
    )


def hash_inputs(batches: Sequence[StampBatch]) -> str:
    """Return a hash of ids, files and positions, in their order; not of what the files hold."""
    digest = blake2b(digest_size=16)
    for batch in batches:
        digest.update(f"{batch.tile}\0".encode())
        for name in ("id", "file"):
            digest.update("\0".join(batch.rows[name]).encode())
        for name in ("ra", "dec"):
            if name in batch.rows:
                digest.update(batch.rows[name].to_numpy(float).tobytes())
    return digest.hexdigest()


def is_folder(out: str) -> bool:
    """Whether an output is a folder: one that exists, or whose name ends as one."""
    return out.endswith("/") or Path(out).is_dir()


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but predictions, before any work is done.

    Raises
    ------
    DataError
        The message names what is in the way.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: name a folder")
    names = sorted(path.name for path in folder.glob("*"))
    seen = [name for name in names if name[0] != "." and name not in _OURS]
    others = [name for name in seen if not fnmatch(name, _PARTS)]
    if others or (seen and not (folder / MANIFEST).is_file()):
        found = (others or seen)[0]
        raise DataError(
            f"{folder}/ holds {found}, which galopt predict did not write there: name a folder of "
            "its own"
        )


def begin(folder: Path, manifest: Manifest, overwrite: bool) -> Manifest:
    """Make a folder ready for predictions, or for what is left of them.

    Parameters
    ----------
    folder : path
    manifest : Manifest
        Of what is wanted.
    overwrite : bool
        Whether what is there is removed first.

    Returns
    -------
    Manifest
        That of the folder: of when the work began.

    Raises
    ------
    DataError
        The folder holds predictions of something else; the message says what differs.
    """
    check_folder(folder)
    if overwrite:
        _clear(folder)
    if (folder / MANIFEST).is_file():
        begun = read_manifest(folder)
        if wrong := _differences(begun, manifest):
            raise DataError(
                f"{folder}/ holds predictions {wrong}; name another folder, or --overwrite to "
                "begin this one anew"
            )
        return begun
    (folder / REJECTED).mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / MANIFEST) as temporary:
        temporary.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        flush(temporary)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read what a folder's predictions are of.

    Raises
    ------
    DataError
        There is no manifest, or it is damaged.
    """
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except ValidationError:
        raise DataError(
            f"{path}: damaged, or of another version; --overwrite begins the folder anew"
        ) from None


def tidy(folder: Path) -> None:
    """Remove what killed workers of other machines were writing, when nobody writes any more."""
    for place in (folder, folder / REJECTED):
        for left in place.glob(".part-*"):
            left.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove all predictions, what they are of last."""
    for part in folder.glob(_PARTS):
        part.unlink()
    for name in (REJECTED, MODEL):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MANIFEST).unlink(missing_ok=True)


def _differences(begun: Manifest, wanted: Manifest) -> str:
    """Say in what predictions that were begun are not those that are wanted; "" if in nothing."""
    wrong = []
    if begun.network != wanted.network:
        old, new = (one.provenance.get("model", "a model") for one in (begun, wanted))
        wrong.append(f"of another network ({old}, not {new})" if old != new else "of another model")
    if begun.galaxies != wanted.galaxies:
        wrong.append(f"of {begun.galaxies:,} galaxies, not of these {wanted.galaxies:,}")
    elif begun.inputs != wanted.inputs:
        wrong.append("of as many galaxies of other names, positions or order")
    for option, name in (("errors", "--errors"), ("features", "--embed")):
        if getattr(begun, option) != getattr(wanted, option):
            wrong.append(f"{'with' if getattr(begun, option) else 'without'} {name}")
    if (begun.galopt, begun.part) != (wanted.galopt, wanted.part):
        wrong.append(f"by galopt {begun.galopt}, in parts of {begun.part:,}")
    return " and ".join(wrong)
