"""Galaxies that tests paint: a small simulated survey, and smooth blobs."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from galopt.config import Config
from galopt.config.load import build_config
from galopt.files import write_json

SIMULATED = 720


def simulated_config() -> Config:
    """Return the configuration of `simulated`."""
    return build_config({"survey": {"simulate": {"galaxies": SIMULATED}}})


def paint(elongation: float, size: float, side: int = 128) -> np.ndarray:
    """Return a smooth galaxy, (side, side) uint8."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    light = np.exp(-np.hypot(x / elongation, y * elongation) / size)
    return np.round(250 * light).astype(np.uint8)


def write_survey(data: Path, galaxies: int) -> None:
    """Write stamps and votes in which elongation decides between spheroid and disk."""
    rng = np.random.default_rng(0)
    (data / "survey").mkdir(parents=True)
    (data / "stamps").mkdir()
    disk = rng.uniform(0, 1, galaxies)
    rows = []
    for number, fraction in enumerate(disk):
        stamp = paint(1 + fraction, rng.uniform(6, 12))
        stamp = np.rot90(stamp, rng.integers(4))
        Image.fromarray(stamp).save(data / "stamps" / f"g{number}.jpg", quality=95)
        rows.append({"id": f"g{number}", "n_votes": 4, "spheroid": 1 - fraction, "disk": fraction})
    pd.DataFrame(rows).to_csv(data / "survey" / "votes.csv", index=False)
    stamps = pd.DataFrame({"id": [row["id"] for row in rows]})
    stamps["file"] = "stamps/" + stamps["id"] + ".jpg"
    stamps.to_csv(data / "stamps.csv", index=False)
    survey = {"source": "folder", "name": "blobs", "targets": ["spheroid", "disk"]}
    write_json(data / "survey" / "survey.json", survey)
