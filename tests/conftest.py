"""Fixtures that several test modules share."""

import os
from pathlib import Path

import pytest

from galopt.config import Config
from galopt.params import build
from galopt.survey import make_survey

SIMULATED = 720


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated survey of 720 galaxies on a few tiles."""
    folder = tmp_path_factory.mktemp("simulated") / "survey"
    make_survey(simulated_config(), folder)
    return folder


def simulated_config() -> Config:
    """Return the configuration of `simulated`."""
    return build({"survey": {"simulate": {"galaxies": SIMULATED}}})


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real galaxies, or skip the test."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("GALOPT_REAL_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no real galaxies; set GALOPT_REAL_DATA to their folder")
    return folder
