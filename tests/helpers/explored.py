"""Galaxies for `galopt explore` that no network need look at."""

from functools import cache

import numpy as np

from galopt.prediction.neighbours import NEIGHBOURS
from galopt.report.explore.survey import Column, Explored
from galopt.report.explore.thumbnails import Sheets, side_for


@cache
def crowds(galaxies: int) -> Explored:
    """Return galaxies in three crowds by turns, each image as bright as its number modulo 256."""
    rng = np.random.default_rng(0)
    crowd = np.arange(galaxies) % 3
    features = rng.normal(0, 0.3, (galaxies, 4)).astype(np.float32)
    features[:, :3] += 4 * np.eye(3, dtype=np.float32)[crowd]
    sheets = Sheets(side_for(galaxies))
    for start in range(0, galaxies, 1000):
        levels = np.arange(start, min(start + 1000, galaxies)) % 256
        sheets.add(np.tile(levels.astype(np.uint8)[:, None, None], (1, 12, 12)))
    steps = 3 * np.arange(1, NEIGHBOURS + 1)
    near = (np.arange(galaxies)[:, None] + steps) % (galaxies - galaxies % 3)
    columns = [
        Column("predicted disk", rng.uniform(0, 1, galaxies).astype(np.float32), []),
        Column("voted disk", rng.uniform(0, 1, galaxies).astype(np.float32), []),
        Column("magnitude", rng.uniform(18, 25, galaxies).astype(np.float32), []),
        Column("split", crowd.astype(np.uint8), ["train", "validation", "test"]),
    ]
    ids = [f'g {number}, "quoted" </script>' for number in range(galaxies)]
    return Explored(ids, ["disk"], columns, features, near, sheets)
