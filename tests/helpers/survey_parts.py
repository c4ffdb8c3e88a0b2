"""Images for a survey of several parts, and what became of each of them."""

import time
from collections import Counter
from pathlib import Path

import pandas as pd

from helpers.brightness import write_pictures

PATIENCE = 600


def write_survey_images(folder: Path, galaxies: int) -> set[str]:
    """Write so many images, every hundredth of them damaged; return the ids of the good ones."""
    write_pictures(folder.parent / "originals", [f"{number}.jpg" for number in range(5)])
    folder.mkdir()
    good = set()
    for number in range(galaxies):
        file = folder / f"g{number:05d}.jpg"
        if number % 100 == 50:
            file.write_text("no image")
        else:
            file.symlink_to(folder.parent / "originals" / f"{number % 5}.jpg")
            good.add(file.stem)
    return good


def parts_in(folder: Path) -> dict[str, int]:
    """Return the names of the parts that are there, and when each was written."""
    return {part.name: part.stat().st_mtime_ns for part in folder.glob("part-*.parquet")}


def wait_for_parts(folder: Path, count: int) -> dict[str, int]:
    """Return the parts of a folder as soon as there are so many."""
    end = time.monotonic() + PATIENCE
    while len(found := parts_in(folder)) < count:
        assert time.monotonic() < end, f"{folder}: {len(found)} parts"
        time.sleep(0.02)
    return found


def check_whole(folder: Path, good: set[str], galaxies: int) -> None:
    """Check that every galaxy is predicted or rejected, once, and that nothing else lies there."""
    predicted = Counter(pd.read_parquet(folder)["id"])
    rejected = Counter(pd.read_parquet(folder / "_rejected")["id"])
    assert set(predicted) == good
    assert set((predicted + rejected).values()) == {1}
    assert len(predicted) + len(rejected) == galaxies
    assert not [path for path in folder.rglob("*") if path.name.startswith(".part-")]
