"""The model that MLflow loads and serves: stamps in, named vote fractions out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from galopt.files import read_json, write_json


class VoteFractions:
    """The average of one or several networks.

    Parameters
    ----------
    networks : list of keras.Model
        Each takes stored stamps (B, S, S) uint8 and returns fractions (B, T).
    targets : list of str
        Names of the T fractions.
    """

    def __init__(self, networks: list[Any], targets: list[str]) -> None:
        self.networks, self.targets = networks, targets

    def predict(self, stamps, params=None):  # type: ignore[no-untyped-def]
        """Return a table of vote fractions of stamps, shape (N, S, S), uint8.

        Without type hints, which MLflow would take for a signature.
        """
        from galopt.evaluation import predict

        if isinstance(stamps, dict):
            stamps = stamps["stamps"]
        stamps = np.asarray(stamps, np.uint8)
        fractions = np.mean([predict(network, stamps) for network in self.networks], axis=0)
        return pd.DataFrame(fractions, columns=self.targets)


def save(networks: list[Any], targets: list[str], folder: Path) -> None:
    """Write what `_load_pyfunc` reads: the networks and the names of their outputs."""
    folder.mkdir(parents=True)
    for number, network in enumerate(networks):
        network.save(folder / f"member_{number:02d}.keras")
    write_json(folder / "targets.json", targets)


def _load_pyfunc(folder: str) -> VoteFractions:
    """Load the model; MLflow calls it by this name."""
    from galopt.training import load_model

    paths = sorted(Path(folder).glob("member_*.keras"))
    return VoteFractions(
        [load_model(path) for path in paths], read_json(Path(folder) / "targets.json")
    )
