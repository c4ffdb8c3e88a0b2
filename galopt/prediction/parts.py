"""A part of a survey's predictions: some thousand galaxies in a Parquet file, whole or absent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from galopt.data.imaging.stamp_batch import StampBatch
from galopt.files import atomic_file, flush
from galopt.prediction.model import MorphologyModel
from galopt.prediction.output import described_field
from galopt.prediction.predict import FEATURES, Embed, predict
from galopt.prediction.training_galaxies import TrainingGalaxies
from galopt.prediction.unlike import COLUMN

GALAXIES = 4096
"""In a part, at most: what a kill can cost is their time, about ten seconds of two cores."""

REJECTED = "_rejected"
"""Folder beside the parts; readers of Parquet folders pass over names that begin with ``_``."""

_COUNTS, _SURVEY = b"galopt.counts", b"galopt.survey"


@dataclass(frozen=True)
class Part:
    """Some galaxies of a survey that are predicted together.

    Attributes
    ----------
    number : int
        From 0.
    batches : sequence of StampBatch
    """

    number: int
    batches: Sequence[StampBatch]

    @property
    def galaxies(self) -> int:
        """How many there are, readable or not."""
        return sum(len(batch.rows) for batch in self.batches)

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"part-{self.number:06d}.parquet"


@dataclass(frozen=True)
class Counts:
    """What became of galaxies: predicted or rejected, unlike the training galaxies or of them."""

    predicted: int = 0
    rejected: int = 0
    unlike: int = 0
    known: int = 0

    @classmethod
    def of(cls, table: pd.DataFrame, rejected: pd.DataFrame, known: int = 0) -> Self:
        """Count what `galopt.prediction.predict.predict` yields."""
        unlike = int((table[COLUMN] > 1).sum()) if COLUMN in table else 0
        return cls(len(table), len(rejected), unlike, known)

    def __add__(self, other: "Counts") -> "Counts":
        ours, theirs = asdict(self), asdict(other)
        return Counts(**{name: ours[name] + theirs[name] for name in ours})


@dataclass(frozen=True)
class Predicted:
    """What came of a part: its predictions, what could not be read, and how many are what."""

    part: Part
    table: pd.DataFrame
    rejected: pd.DataFrame
    counts: Counts


def parts_of(batches: Sequence[StampBatch]) -> list[Part]:
    """Divide the work of a survey into parts of `GALAXIES` at most, in order."""
    parts: list[Part] = []
    waiting: list[StampBatch] = []
    galaxies = 0
    for batch in batches:
        if waiting and galaxies + len(batch.rows) > GALAXIES:
            parts.append(Part(len(parts), waiting))
            waiting, galaxies = [], 0
        waiting.append(batch)
        galaxies += len(batch.rows)
    return [*parts, Part(len(parts), waiting)] if waiting else parts


def predict_parts(
    model: MorphologyModel,
    parts: Sequence[Part],
    errors: bool = False,
    known: TrainingGalaxies | None = None,
    embed: Embed | None = None,
) -> Iterator[Predicted]:
    """Predict parts one after the other; images of the next are read while the network works.

    Parameters
    ----------
    model, errors, known, embed
        As in `galopt.prediction.predict.predict`.
    parts : sequence of Part
    """
    batches = [batch for part in parts for batch in part.batches]
    ends = set(accumulate(len(part.batches) for part in parts))
    tables: list[pd.DataFrame] = []
    rejected: list[pd.DataFrame] = []
    waiting, counts, met = iter(parts), Counts(), 0
    part = next(waiting, None)
    for table, bad in predict(model, batches, errors, known, embed, ends):
        tables.append(table)
        rejected.append(bad)
        counts += Counts.of(table, bad, known.met - met if known else 0)
        met = known.met if known else 0
        if part and counts.predicted + counts.rejected == part.galaxies:
            yield Predicted(part, pd.concat(tables), pd.concat(rejected), counts)
            tables, rejected, counts, part = [], [], Counts(), next(waiting, None)


def part_schema(
    columns: Sequence[str], features: int, provenance: Mapping[str, str], survey: str
) -> pa.Schema:
    """Return what every part of a survey holds, those without a readable galaxy too.

    Parameters
    ----------
    columns : sequence of str
        After ``id`` and ``file``.
    features : int
        How many a galaxy has; 0 for no such column.
    provenance : mapping of str
    survey : str
        Tells the parts of this survey from those of any other.
    """
    names = ["id", "file", *columns]
    kinds = [pa.string(), pa.string(), *[pa.float32()] * len(columns)]
    fields = [described_field(pa.field(*each), names) for each in zip(names, kinds, strict=True)]
    if features:
        fields.append(pa.field(FEATURES, pa.list_(pa.float32(), features)))
    said = {f"galopt.{key}".encode(): value.encode() for key, value in provenance.items()}
    return pa.schema(fields, said | {_SURVEY: survey.encode()})


def write_part(folder: Path, predicted: Predicted, schema: pa.Schema) -> Counts:
    """Write a part, and what was rejected of it before, so that a part that is there is whole."""
    name, counts = predicted.part.name, predicted.counts
    listed = folder / REJECTED / name
    if counts.rejected:
        _write(pa.Table.from_pandas(predicted.rejected, preserve_index=False), listed)
    else:
        listed.unlink(missing_ok=True)
    said = schema.metadata | {_COUNTS: json.dumps(asdict(counts))}
    table = pa.Table.from_pandas(predicted.table, schema, preserve_index=False)
    _write(table.replace_schema_metadata(said), folder / name)
    return counts


def read_counts(folder: Path, part: Part, survey: str) -> Counts | None:
    """Return what a part's file says became of its galaxies; None if it has to be made."""
    try:
        file = pq.read_metadata(folder / part.name)
        counts = Counts(**json.loads(file.metadata[_COUNTS]))
        listed = pq.read_metadata(folder / REJECTED / part.name) if counts.rejected else None
        ours = file.metadata[_SURVEY].decode() == survey
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    rows = file.num_rows, listed.num_rows if listed else 0
    whole = rows == (counts.predicted, counts.rejected) and sum(rows) == part.galaxies
    return counts if ours and whole else None


def first_rejected(folder: Path) -> str:
    """Return the first image that could not be read, and why."""
    first = min((folder / REJECTED).glob("part-*.parquet"))
    row = pq.read_table(first).slice(0, 1).to_pylist()[0]
    return f"{row['file'] or row['id']}: {row['reason']}"


def _write(table: pa.Table, path: Path) -> None:
    with atomic_file(path) as temporary:
        pq.write_table(table, temporary)
        flush(temporary)
