"""The model that MLflow loads and serves: stamps in, named vote fractions out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from galopt.config import Evaluate
from galopt.files import read_json, write_json


class VoteFractions:
    """The average of one or several networks.

    Parameters
    ----------
    networks : list of keras.Model
        Each takes stored stamps (B, S, S) uint8 and returns fractions (B, T).
    targets : list of str
        Names of the T fractions.
    views : config section
        Views of each stamp that are averaged, as in the run's evaluation.
    """

    def __init__(self, networks: list[Any], targets: list[str], views: Evaluate) -> None:
        self.networks, self.targets, self.views = networks, targets, views

    def predict(self, stamps, params=None):  # type: ignore[no-untyped-def]
        """Return a table of vote fractions of stamps, shape (N, S, S), uint8.

        Without type hints, which MLflow would take for a signature.
        """
        from galopt.evaluation import predict_views

        if isinstance(stamps, dict):
            stamps = stamps["stamps"]
        stamps = np.asarray(stamps, np.uint8)
        members = [predict_views(network, stamps, self.views)[0] for network in self.networks]
        return pd.DataFrame(np.mean(members, axis=0), columns=self.targets)


def save(networks: list[Any], targets: list[str], views: Evaluate, folder: Path) -> None:
    """Write what `_load_pyfunc` reads: the networks, their outputs' names, the views."""
    folder.mkdir(parents=True)
    for number, network in enumerate(networks):
        network.save(folder / f"member_{number:02d}.keras")
    write_json(folder / "served.json", {"targets": targets, "views": views.model_dump()})


def _load_pyfunc(folder: str) -> VoteFractions:
    """Load the model; MLflow calls it by this name."""
    from galopt.networks import load_model

    networks = [load_model(path) for path in sorted(Path(folder).glob("member_*.keras"))]
    served = read_json(Path(folder) / "served.json")
    return VoteFractions(networks, served["targets"], Evaluate(**served["views"]))
