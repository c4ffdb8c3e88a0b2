"""What a page is about, and the names it goes by."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt.config import Config
from galopt.data.dataset import Dataset
from galopt.data.survey.votes import papers_classes
from galopt.report.html import inline
from galopt.report.run.related_runs import RelatedRuns

SKIES = {"simulate": "a simulated survey", "candels": "CANDELS"}
OURS = {
    "run": "this run",
    "ensemble": "this ensemble",
    "ablation": "where the ablation starts",
    "search": "where the search starts",
}


@dataclass(frozen=True)
class ReportData:
    """A tracked run, or a parent of several, with everything its page shows.

    Attributes
    ----------
    kind : {'run', 'ensemble', 'ablation', 'search'}
    dataset : Dataset
    config : Config
    run_id : str
        Of MLflow.
    train, history : optional
        What `metrics/train.json` says, and each epoch's ``train_rmse``, ``val_rmse``,
        ``epoch_seconds`` and ``train_images_per_second``; of a single network.
    metrics, predictions : optional
        `galopt.evaluation.evaluate.Evaluation.metrics` and `.table`; both or neither.
    figures : dict
        Names, such as 'learning_curve', and texts of SVG files.
    findings : Findings
        What ablation, search and ensemble found on the same dataset.
    """

    kind: str
    dataset: Dataset
    config: Config
    run_id: str
    train: dict[str, Any] | None = None
    history: list[dict[str, float]] | None = None
    metrics: dict[str, Any] | None = None
    predictions: pd.DataFrame | None = None
    figures: dict[str, str] = field(default_factory=dict)
    findings: RelatedRuns = field(default_factory=RelatedRuns)

    @property
    def info(self) -> dict[str, Any]:
        """What `dataset.json` says."""
        return self.dataset.info

    @property
    def ours(self) -> str:
        """What to call it in a table."""
        return OURS[self.kind]

    @property
    def sky(self) -> str:
        """What it was measured on, in words."""
        return SKIES.get(self.info["source"], f"your own galaxies, {self.info['name']}")

    @property
    def like_paper(self) -> bool:
        """Whether the paper's numbers belong on the page: its classes, and fractions of votes."""
        return papers_classes(self.dataset.targets) and not self.dataset.one_class

    @property
    def networks(self) -> int:
        """How many networks are averaged."""
        found = self.findings.ensemble
        return len(found.members) if self.kind == "ensemble" and found else 1

    @property
    def views(self) -> int:
        """How many views of each test galaxy are averaged."""
        views = self.config.evaluate
        return len(views.zooms) * views.rotations * (1 + views.flip)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """The catalogue of the test galaxies beside their predictions, indexed by row of images."""
        assert self.predictions is not None
        catalog = self.dataset.catalog.reset_index(names="row")
        extra = [name for name in catalog if name not in self.predictions.columns]
        return self.predictions.merge(catalog[["id", *extra]], on="id", validate="1:1").set_index(
            "row"
        )

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """All stamps of the dataset, memory-mapped."""
        return self.dataset.images

    def fractions(self, what: str) -> NDArray[np.float64]:
        """Return the 'voted' or 'predicted' fractions of the test galaxies, (N, T)."""
        return self.tested[[f"{what}_{name}" for name in self.dataset.targets]].to_numpy(float)

    def figure(self, name: str, alternative: str) -> str | None:
        """Return a figure as an element of the page; None if it was not drawn."""
        return inline(self.figures[name], name, alternative) if name in self.figures else None
