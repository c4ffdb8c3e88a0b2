"""Processes killed at random moments: what they were making is whole, or is not there.

`GALOPT_FAULTS=50` tries more often; the moments depend on the seed alone.
"""

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from galopt.experiments.search.storage import open_storage
from galopt.tracking.sqlite import check_store, make_store

TRIES = int(os.environ.get("GALOPT_FAULTS", "3"))
SEED = 2016
PATIENCE = 180


def make_mlflow(file: Path) -> None:
    make_store(f"sqlite:///{file}")


def make_optuna(file: Path) -> None:
    open_storage(f"sqlite:///{file}")


def is_study(file: Path) -> bool:
    return file.exists() and open_storage(f"sqlite:///{file}").get_all_studies() == []


def start(make: Callable, file: Path) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=make, args=(file,))
    process.start()
    return process


@pytest.mark.long
@pytest.mark.parametrize(("make", "whole"), [(make_mlflow, check_store), (make_optuna, is_study)])
def test_a_store_whose_making_is_killed_is_whole_or_not_there(make, whole, tmp_path):
    began, first = time.monotonic(), start(make, tmp_path / "first.db")
    first.join(PATIENCE)
    seconds, moments = time.monotonic() - began, random.Random(SEED)
    count = Counter(tries=TRIES)
    for number in range(TRIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = start(make, folder / "store.db")
        time.sleep(moments.uniform(0, 1.1 * seconds))
        process.kill()
        process.join(PATIENCE)
        there = (folder / "store.db").exists()
        count["not there" if not there else "whole" if whole(folder / "store.db") else "lost"] += 1
    assert not count["lost"]
    make(folder / "store.db")  # the next start
    assert whole(folder / "store.db")
    assert not list(folder.glob(".part-*"))
    print(f"{make.__name__}: {dict(count)}, in a window of {seconds:.1f} s")
