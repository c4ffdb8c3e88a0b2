"""Artefacts of the simulated mosaic: they show, and what they reach is spoilt."""

import numpy as np
import pytest

from galopt.data.survey.simulated.artefacts import add_artefacts, spoil
from galopt.data.survey.simulated.population import draw_population

SIDE = 300


@pytest.fixture
def galaxies():
    """Return three galaxies: one with an artefact, one 5 px beside it, one far away."""
    table = draw_population(np.random.default_rng(1), SIDE, 0.06).head(3)
    return table.assign(x=[100.0, 105.0, 240.0], y=100.0, artefact=[True, False, False])


def test_artefacts_of_every_kind_show():
    rng = np.random.default_rng(4)
    kinds = set()
    for _ in range(30):
        tile = rng.normal(0, 1, (200, 200)).astype("float32")
        before = tile.copy()
        kinds.add(spoil(tile, 100, 100, 1.0, rng))
        changed = tile[80:120, 80:120] - before[80:120, 80:120]
        assert np.abs(changed).max() > 2
    assert kinds == {"edge", "streak", "halo"}


def test_what_an_artefact_reaches_is_spoilt_too_and_no_more(galaxies):
    rng = np.random.default_rng(7)
    named = []
    for _ in range(40):
        tile = rng.normal(0, 1, (SIDE, SIDE)).astype("float32")
        named.append(add_artefacts(tile, galaxies, np.ones(SIDE), rng))
    own, beside, far = zip(*named, strict=True)
    assert set(own) == {"edge", "streak", "halo"}
    assert set(beside) <= {"", "beside"}
    assert beside.count("beside") > 30
    assert set(far) == {""}


def test_a_galaxy_on_the_empty_edge_of_a_mosaic_is_spoilt(galaxies):
    tile = np.ones((SIDE, SIDE), np.float32)
    tile[:, 230:] = 0
    spared = galaxies.assign(artefact=False)
    named = add_artefacts(tile, spared, np.ones(SIDE), np.random.default_rng(1))
    assert named == ["", "", "beside"]
