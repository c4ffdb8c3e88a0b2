"""Folders of galaxies as people have them."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from galopt.config import Folder
from galopt.data.survey.folder import read_folder
from galopt.files import read_json


def write_images(folder: Path, names: list[str], side: int = 32) -> None:
    """Write an image of noise under each name."""
    rng = np.random.default_rng(0)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)


def read_layout(folder: Path, **config: object) -> tuple[pd.DataFrame, list[str]]:
    """Return the votes and the targets that a folder is read as."""
    out = folder.parent / f"{folder.name}-survey"
    out.mkdir()
    read_folder(Folder.model_validate({"path": str(folder)} | config), out)
    text = dict.fromkeys(("id", "file"), str)
    votes = pd.read_csv(out / "votes.csv", dtype=text, keep_default_na=False, na_values=[""])
    return votes, read_json(out / "survey.json")["targets"]
