"""A whole survey predicted, part by part, here or on a cluster; what was done is not done again."""

import logging
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pyarrow as pa

from galopt.compute.keras_startup import start_keras
from galopt.compute.lock import alone
from galopt.compute.parallel import HERE, map_cores
from galopt.compute.progress import quiet
from galopt.config import Work
from galopt.data.imaging.bands import band_files
from galopt.data.imaging.stamp_batch import StampBatch
from galopt.errors import DataError
from galopt.files import atomic_folder
from galopt.prediction.model import MorphologyModel
from galopt.prediction.parts import (
    Counts,
    Part,
    part_schema,
    parts_of,
    predict_parts,
    read_counts,
    write_part,
)
from galopt.prediction.predict import Embed
from galopt.prediction.survey_folder import (
    LOCK,
    MODEL,
    Manifest,
    begin,
    manifest_of,
    read_manifest,
    tidy,
)
from galopt.prediction.training_galaxies import TrainingGalaxies, training_galaxies
from galopt.prediction.unlike import COLUMN

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A part for a worker of a cluster.

    Attributes
    ----------
    part : Part
    folder : path
        Of the predictions, absolute, and seen by every worker.
    project : path
        Where the driver works: images may be named from there.
    survey : str
        `Manifest.survey` of the folder.
    """

    part: Part
    folder: Path
    project: Path
    survey: str


def predict_survey(
    model: MorphologyModel,
    batches: Sequence[StampBatch],
    folder: Path,
    errors: bool = False,
    features: bool = False,
    work: Work = HERE,
    overwrite: bool = False,
) -> Counts:
    """Predict galaxies into a folder of Parquet parts; go on where an earlier call has stopped.

    Parameters
    ----------
    model : MorphologyModel
    batches : sequence of StampBatch
        From `galopt.prediction.inputs`.
    folder : path
        See `galopt.prediction.survey_folder.Manifest`.
    errors, features : bool
        Whether to add errors, and what the network sees.
    work : Work
        A cluster whose workers predict, if it names one; else this process does.
    overwrite : bool
        Whether what is in the folder is removed first.

    Returns
    -------
    Counts
        Of all galaxies, those of earlier calls among them.

    Raises
    ------
    DataError
        The folder holds something else.
    """
    wanted, parts = manifest_of(model, batches, errors, features), parts_of(batches)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / LOCK, f"predicting into {folder}/"):
        manifest = begin(folder, wanted, overwrite)
        there = {part.number: read_counts(folder, part, manifest.survey) for part in parts}
        left = [part for part in parts if there[part.number] is None]
        _say_what_is_left(folder, parts, left)
        way = _on_cluster if work.cluster else _here
        counts = sum(way(model, left, folder, manifest, work), Counts()) if left else Counts()
        tidy(folder)
    return sum((done for done in there.values() if done), counts)


def predict_part(task: Task) -> Counts:
    """Predict a part on a worker of a cluster, and write it.

    Raises
    ------
    DataError
        The worker does not see the folder, or the images.
    """
    manifest = _manifest_on_worker(task)
    model = _network(task.folder / MODEL, manifest.network)
    known = _known(manifest.provenance.get("dataset"), task.project)
    part, given = _from_anywhere(task.part, task.project)
    _check_seen(part, model.bands)
    embed, schema = _writing(model, manifest)
    with quiet():
        (predicted,) = predict_parts(model, [part], manifest.errors, known, embed)
    for table in (predicted.table, predicted.rejected):
        table["file"] = table["file"].map(given)
    _manifest_on_worker(task)  # whoever was cut off may have come back to another survey
    return write_part(task.folder, predicted, schema)


def _here(
    model: MorphologyModel, parts: Sequence[Part], folder: Path, manifest: Manifest, _: Work
) -> Iterator[Counts]:
    """Predict parts in this process and write them."""
    embed, schema = _writing(model, manifest)
    known = training_galaxies(model.origin.get("dataset"))
    for predicted in predict_parts(model, parts, manifest.errors, known, embed):
        yield write_part(folder, predicted, schema)


def _on_cluster(
    model: MorphologyModel,
    parts: Sequence[Part],
    folder: Path,
    manifest: Manifest,
    work: Work,
) -> Iterator[Counts]:
    """Have workers predict parts and write them."""
    if not (folder / MODEL).is_dir():
        with atomic_folder(folder / MODEL) as temporary:
            model.save(temporary / "networks")
    tasks = [Task(part, folder.resolve(), Path.cwd(), manifest.survey) for part in parts]
    return map_cores(
        predict_part, tasks, "Predicting galaxies", work, lambda task: task.part.galaxies
    )


def _say_what_is_left(folder: Path, parts: Sequence[Part], left: Sequence[Part]) -> None:
    there, galaxies = len(parts) - len(left), sum(part.galaxies for part in left)
    if left and there:
        logger.info(
            f"{folder}/ holds {there:,} of {len(parts):,} parts; {galaxies:,} galaxies are left"
        )
    elif there:
        logger.info(f"{folder}/ holds all predictions already; --overwrite makes them anew")


def _writing(model: MorphologyModel, manifest: Manifest) -> tuple[Embed | None, pa.Schema]:
    """Return what makes features, if they are wanted, and what the parts hold."""
    embed, features = None, 0
    if manifest.features:
        from galopt.prediction.embedding import embedder, feature_count  # here: loads Keras

        embed, features = embedder(model), feature_count(model)
    columns = model.columns(manifest.errors) + [COLUMN] * (model.unlike is not None)
    return embed, part_schema(columns, features, manifest.provenance, manifest.survey)


@cache
def _network(folder: Path, fingerprint: str) -> MorphologyModel:
    """Load the networks, once a process."""
    start_keras()
    model = MorphologyModel.load(folder / "networks")
    if model.fingerprint() != fingerprint:
        raise DataError(f"{folder}: not the networks that the predictions began with")
    return model


@cache
def _known(content: str | None, project: Path) -> TrainingGalaxies | None:
    """Return the training galaxies of a dataset, once a process."""
    return training_galaxies(content, project)


def _manifest_on_worker(task: Task) -> Manifest:
    try:
        manifest = read_manifest(task.folder)
    except DataError as error:
        raise DataError(
            f"the worker on {socket.gethostname()} does not see the folder of the predictions "
            f"({error}): choose one that all workers see under the same path"
        ) from None
    if manifest.survey != task.survey:
        raise DataError(f"{task.folder}/ was begun anew, with something else")
    return manifest


def _from_anywhere(part: Part, project: Path) -> tuple[Part, dict[str, str]]:
    """Return a part whose images are named from the root, and how each of them was given."""
    batches, given = [], {"": ""}
    for batch in part.batches:
        files = [str(project / file) if file else "" for file in batch.rows["file"]]
        given |= dict(zip(files, batch.rows["file"], strict=True))
        tile = batch.tile and project / batch.tile
        batches.append(StampBatch(batch.rows.assign(file=files), tile))
    return replace(part, batches=batches), given


def _check_seen(part: Part, bands: Sequence[str]) -> None:
    """Refuse a part of whose images this machine sees none, or not the mosaics."""
    files = {file for batch in part.batches if not batch.tile for file in batch.rows["file"]}
    tiles = {str(batch.tile) for batch in part.batches if batch.tile}
    unseen = [name for name in sorted(tiles) if not _exists(name, bands)]
    if not unseen and files - {""} and not any(_exists(name, bands) for name in files):
        unseen = sorted(files - {""})
    if unseen:
        raise DataError(
            f"the worker on {socket.gethostname()} does not see {unseen[0]}: images must lie "
            "where all workers see them under the same path"
        )


def _exists(name: str, bands: Sequence[str]) -> bool:
    return any(Path(file).is_file() for file in band_files({"file": name}, bands))
