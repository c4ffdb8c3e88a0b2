"""Whether a dataset is sound: what was checked, what was found, and a page that shows it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.data.dataset import Dataset
from galopt.data.imaging.composite import composites
from galopt.data.quality import pixels, votes
from galopt.data.quality.finding import Finding

PAGE = "quality.html"
"""The page, inside the dataset's folder: it travels with the dataset."""

LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Quality:
    """What `check` found.

    Attributes
    ----------
    findings : list of Finding
        Errors first.
    rejected : DataFrame
        ``id``, ``file`` and ``reason`` of images that became no stamp; empty if none is known.
    """

    dataset: Dataset
    findings: list[Finding]
    rejected: pd.DataFrame

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return all(finding.level != "error" for finding in self.findings)

    def summary(self) -> str:
        """Say the verdict in one line."""
        number = {level: sum(f.level == level for f in self.findings) for level in LEVELS}
        said = ", ".join(f"{n} {level}{'s' * (n != 1)}" for level, n in number.items())
        return f"{'Sound' if self.sound else 'Not sound'}: {said}, {len(self.rejected)} rejected"


def check_dataset(dataset: Dataset, data: Path | None = None) -> Quality:
    """Look at every stamp, every vote and the splits of a dataset.

    Parameters
    ----------
    dataset : Dataset
    data : path, optional
        The folder that holds `rejected.csv`, where the stamps were made.

    Returns
    -------
    Quality
    """
    images = dataset.folder / "images.npy"
    catalog, targets = dataset.catalog, dataset.targets
    table, prints = pixels.scan(images)
    split = catalog.split.to_numpy(str)
    findings = [
        *votes.check_votes(catalog, dataset.info),
        *votes.divided(catalog, targets),
        *pixels.repeated(table, prints, images, split),
        *pixels.check_pixels(table, catalog),
    ]
    findings.sort(key=lambda finding: LEVELS.index(finding.level))
    file = data / "rejected.csv" if data else None
    rejected = pd.DataFrame(columns=["id", "file", "reason"])
    if file and file.exists():
        rejected = pd.read_csv(file, dtype=str).fillna("")
    return Quality(dataset, findings, rejected)


def stamps_of(quality: Quality, rows: np.ndarray) -> np.ndarray:
    """Return some stamps as images, (M, S, S) or (M, S, S, 3), uint8."""
    return composites(quality.dataset.images[rows], quality.dataset.bands)
