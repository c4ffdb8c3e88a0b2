"""Surveys on a local cluster whose driver and workers are killed: every galaxy once in the end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from helpers.model import network
from helpers.survey_parts import check_whole, parts_in, wait_for_parts, write_survey_images

from galopt.config import Evaluate, Stamps
from galopt.prediction.model import MorphologyModel

pytestmark = pytest.mark.service

SCRIPT = Path(__file__).parents[1] / "helpers" / "small_parts.py"
GALAXIES = 1600


def start(folder: Path) -> subprocess.Popen:
    """Start a survey on two workers of this machine."""
    words = ["predict", "images", "--model", "model.keras", "--out", "out/"]
    words += ["--cluster", "local", "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / "log.txt").open("a") as log:
        return subprocess.Popen(
            [sys.executable, SCRIPT, *words], cwd=folder, env=environment, stderr=log, stdout=log
        )


def a_worker(driver: subprocess.Popen) -> psutil.Process:
    """Return a worker of a driver."""
    children = psutil.Process(driver.pid).children()
    return next(child for child in children if "multiprocessing.spawn" in " ".join(child.cmdline()))


def test_a_lost_worker_and_a_lost_driver_cost_only_time(tmp_path):
    good, out = write_survey_images(tmp_path / "images", GALAXIES), tmp_path / "out"
    model = MorphologyModel([network()], ["spheroid", "disk"], Evaluate(), Stamps())
    model.save(tmp_path / "model.keras")
    driver = start(tmp_path)
    written = wait_for_parts(out, 2)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    there = parts_in(out)
    assert len(there) < GALAXIES // 64  # it was in the midst
    driver = start(tmp_path)
    wait_for_parts(out, len(there) + 2)
    a_worker(driver).kill()
    assert driver.wait() == 1, (tmp_path / "log.txt").read_text()  # some images are damaged
    check_whole(out, good, GALAXIES)
    now = parts_in(out)
    assert {name: now[name] for name in written} == written
    said = f"1,584 galaxies in {len(now)} parts"
    assert said in (tmp_path / "log.txt").read_text()
