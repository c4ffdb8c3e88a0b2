"""One run as the store knows it, and which one a person means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from galopt.errors import GaloptError

PARENT = "mlflow.parentRunId"
"""The tag of a run below another: a trial, a member of an ensemble."""


@dataclass(frozen=True)
class TrackedRun:
    """One run as the store knows it.

    Attributes
    ----------
    id, name, status : str
    started : datetime
        Local time.
    params, tags : dict of str
    metrics : dict of float
        The last value of each.
    artifacts : str
        Address of the folder of its files.
    """

    id: str
    name: str
    status: str
    started: datetime
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]
    artifacts: str = ""

    @property
    def kind(self) -> str:
        """The tag `galopt.kind`; empty if the run has none."""
        return self.tags.get("galopt.kind", "")

    @property
    def survey(self) -> str:
        """The survey it was measured on, the tag `galopt.survey`."""
        return self.tags.get("galopt.survey", "")

    @property
    def title(self) -> str:
        """The name without the survey that it ends with."""
        return self.name.removesuffix(f" on {self.survey}")

    @property
    def label(self) -> str:
        """A name that is unique: the title and the start of the id."""
        return f"{self.title} ({self.id[:8]})"


def measured(runs: Sequence[TrackedRun]) -> list[TrackedRun]:
    """Return those finished runs that stand for themselves and predicted test galaxies."""
    able = [run for run in runs if PARENT not in run.tags and run.kind in ("run", "ensemble")]
    return [run for run in able if run.status == "FINISHED" and "test_rmse" in run.metrics]


def find_run(reference: str, runs: Sequence[TrackedRun]) -> TrackedRun:
    """Return the run that an id, a name, or the unique start of either means.

    Raises
    ------
    GaloptError
        No run, or more than one, is meant.
    """
    meant = [run for run in runs if run.id == reference]
    meant = meant or [run for run in runs if reference in (run.name, run.title)]
    starts = ("id", "name")  # of an id, then of a name
    for what in starts:
        meant = meant or [r for r in runs if reference and getattr(r, what).startswith(reference)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise GaloptError(f"no run {reference!r}; uv run galopt runs lists what there is")
    ids = ", ".join(f"{run.id[:8]} of {run.started:%Y-%m-%d %H:%M}" for run in meant[:5])
    raise GaloptError(f"{len(meant)} runs are called {reference!r}: give an id, such as {ids}")
