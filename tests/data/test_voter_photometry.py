"""What a voter sees of a simulated galaxy: its own outline, and what shines into it."""

import numpy as np
import pytest

from galopt.data.survey.simulated.population import draw_population
from galopt.data.survey.simulated.voter_photometry import lopsided, outlined

SIDE, HALF, NOISE = 200, 30, 0.01
GALAXY = (100.3, 99.8)


def light(x, y, half, centre, width=4.0):
    v, u = np.mgrid[-half : half + 1, -half : half + 1] + np.array(centre)[::-1, None, None].round()
    return np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * width**2)).astype("float32")


@pytest.fixture
def look():
    """Return a function that gives what is seen of a galaxy with a neighbour beside it."""
    galaxy = draw_population(np.random.default_rng(1), SIDE, 0.06).head(1)
    galaxy = galaxy.assign(x=GALAXY[0], y=GALAXY[1])
    alone = light(*GALAXY, HALF, GALAXY)

    def see(neighbour=None, height=0.5):
        tile = light(*GALAXY, SIDE // 2, (SIDE // 2, SIDE // 2))[:SIDE, :SIDE]
        if neighbour is not None:
            x = GALAXY[0] + neighbour
            tile = tile + height * light(x, GALAXY[1], SIDE // 2, (SIDE // 2,) * 2)[:SIDE, :SIDE]
        return outlined(tile, galaxy, [alone], np.full(SIDE, NOISE)).loc[0]

    return see


def test_a_smooth_galaxy_alone_is_its_own_and_not_lopsided(look):
    seen = look()
    assert seen.own_share == pytest.approx(1, abs=0.01)
    assert seen.own_asymmetry < 0.02
    assert seen.own_r50 == pytest.approx(4 * 1.1774 * 0.06, rel=0.03)


def test_a_neighbour_within_the_outline_makes_it_lopsided(look):
    seen = look(neighbour=9)
    assert seen.own_asymmetry > 0.05
    assert seen.own_share == pytest.approx(1 / 1.4, abs=0.1)


def test_the_nearer_the_neighbour_the_smaller_the_share(look):
    shares = [look(neighbour=away).own_share for away in (5, 12, 30)]
    assert shares == sorted(shares)
    assert shares[2] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("middle", [(0, 0), (0.3, -0.4)])
def test_half_a_turn_about_its_middle_shows_how_lopsided_a_picture_is(middle):
    galaxy = light(*middle, HALF, (0, 0))
    assert lopsided(galaxy, middle, 5) < 0.005
    one_sided = galaxy * (np.arange(-HALF, HALF + 1) > 0)
    assert lopsided(one_sided, (0, 0), 5) > 0.9


def test_light_far_outside_the_window_makes_a_picture_not_lopsided():
    galaxy, other = light(0, 0, HALF, (0, 0)), light(20, 0, HALF, (0, 0))
    assert lopsided(galaxy + other, (0, 0), 4.7) < 0.03
    assert lopsided(galaxy + other, (0, 0), 12) > 0.1
