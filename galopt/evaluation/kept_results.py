"""What an ablation or an ensemble measured, as a text that outlives its runs.

`results/` holds those that this version of galopt was measured by: tables and curves, no weights.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Measurement:
    """The table of several networks, where it was measured, and what measures it again.

    Attributes
    ----------
    kind : {'ablation', 'ensemble'}
    survey : str
        Name of the dataset.
    dataset : str
        Its hash.
    galaxies : dict
        Number of galaxies of each split.
    parameters : dict
        What `params.yaml` said that the preset does not: dotted keys and values.
    command : str
        Run beside that file.
    version : str
        Of galopt.
    table : list of dict
        The rows of the command's table.
    networks : list of dict
        ``name``, ``test_rmse``, ``test_rmse_expected`` where the truth is known, and
        ``val_rmse``, that of each epoch.
    """

    kind: str
    survey: str
    dataset: str
    galaxies: dict[str, int]
    parameters: dict[str, Any]
    command: str
    version: str
    table: list[dict[str, Any]]
    networks: list[dict[str, Any]]

    @classmethod
    def read(cls, text: str) -> "Measurement":
        """Return the measurement that a text holds."""
        return cls(**json.loads(text))

    def write(self) -> str:
        """Return the text that `read` reads."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    @property
    def frame(self) -> pd.DataFrame:
        """The table, with NaN where there is no number."""
        return pd.DataFrame(self.table).fillna(float("nan"))


def published_with_galopt(kind: str) -> Measurement | None:
    """Return the measurement of a kind that came with this version; None if there is none."""
    file = RESULTS / f"{kind}.json"
    return Measurement.read(file.read_text("utf-8")) if file.is_file() else None
