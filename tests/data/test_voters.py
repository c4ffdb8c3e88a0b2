"""Ballots against their closed forms; tastes against what a voter must see."""

import numpy as np
import pandas as pd
import pytest

from galopt.data.noise_floor import vote_variance
from galopt.data.survey.simulated.voters import cast_votes, draw_voters, tick_probabilities
from galopt.data.survey.votes import TARGETS

CHANCES = np.array([0.3, 0.6, 0.05, 0.01, 0.02])


def expected(chances):
    """Return the chance of a class on one ballot: ticked, or picked when nothing is."""
    odds = chances / (1 - chances)
    return chances + np.prod(1 - chances) * odds / odds.sum()


def test_fractions_have_the_expected_mean_and_variance():
    n_votes = np.full(20_000, 5)
    fractions = cast_votes(np.tile(CHANCES, (20_000, 1)), n_votes, np.random.default_rng(1))
    mean = expected(CHANCES)
    np.testing.assert_allclose(fractions.mean(axis=0), mean, atol=0.006)
    np.testing.assert_allclose(fractions.var(axis=0), mean * (1 - mean) / 5, rtol=0.06)


def test_every_voter_ticks_something_and_fractions_count_voters():
    n_votes = np.array([1, 3, 7, 60])
    fractions = cast_votes(np.full((4, 5), 0.01), n_votes, np.random.default_rng(1))
    assert (fractions.sum(axis=1) >= 1).all()
    votes = fractions * n_votes[:, None]
    np.testing.assert_allclose(votes, votes.round(), atol=1e-9)


def test_variance_is_that_of_the_published_fractions():
    chances, n_votes = np.tile(CHANCES, (400, 1)), np.full(400, 3)
    mean = expected(CHANCES)
    raw = vote_variance(chances, n_votes, normalised=False, seed=1)
    np.testing.assert_allclose(raw.mean(axis=0), mean * (1 - mean) / 3, rtol=0.05)
    normalised = vote_variance(chances, n_votes, normalised=True, seed=1)
    fractions = cast_votes(
        np.tile(CHANCES, (40_000, 1)), np.full(40_000, 3), np.random.default_rng(2)
    )
    fractions /= fractions.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(normalised.mean(axis=0), fractions.var(axis=0), rtol=0.06)


def test_more_voters_make_less_noise():
    chances = np.tile(CHANCES, (200, 1))
    few, many = (
        vote_variance(chances, np.full(200, count), True, seed=1).mean() for count in (3, 60)
    )
    assert many < few / 15


def test_depths_have_their_numbers_of_voters():
    depth = np.repeat(["ers", "wide", "deep"], 1000)
    count = draw_voters(depth, np.random.default_rng(1))
    assert set(count[:1000]) == {3}
    assert set(count[1000:2000]) == {3, 4, 5}
    assert set(count[2000:]) == {5, 6, 7, 60}


@pytest.fixture
def galaxy():
    """Return an ordinary bright galaxy as a voter sees it."""
    return {
        "snr": 300.0, "own_r50": 0.4, "own_concentration": 2.8, "own_axis_ratio": 0.7,
        "own_asymmetry": 0.03, "own_share": 1.0,
        "bulge": 0.4, "disturbance": 0.1, "arms": 0.0, "point": 0.0, "star": False,
        "spoilt": "", "depth": "deep",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"own_concentration": 3.5, "bulge": 0.9}, "spheroid"),
        ({"own_axis_ratio": 0.3}, "disk"),
        ({"arms": 0.8}, "disk"),
        ({"disturbance": 0.9, "own_asymmetry": 0.3}, "irregular"),
        ({"own_r50": 0.13, "star": True}, "point_source"),
        ({"spoilt": "streak"}, "unclassifiable"),
    ],
)
def test_what_shows_is_ticked(galaxy, change, target):
    seen = pd.DataFrame([galaxy, galaxy | change])
    plain, changed = tick_probabilities(seen)[:, TARGETS.index(target)]
    assert changed > 1.15 * plain


def test_what_does_not_show_moves_no_vote(galaxy):
    faint = galaxy | {"snr": 4.0, "own_r50": 0.15}
    seen = pd.DataFrame([faint, faint | {"disturbance": 0.9, "own_asymmetry": 0.3, "arms": 0.8}])
    plain, changed = tick_probabilities(seen)
    np.testing.assert_allclose(plain, changed, atol=0.03)


@pytest.mark.parametrize("change", [{"bulge": 0.9}, {"arms": 0.8}, {"point": 0.5}])
def test_what_neighbours_shine_into_is_harder_to_tell(galaxy, change):
    moved = []
    for share in (1.0, 0.8, 0.2):
        plain = galaxy | {"own_r50": 0.6, "own_share": share}
        chances = tick_probabilities(pd.DataFrame([plain, plain | change]))
        moved.append(np.abs(chances[1] - chances[0]).max())
    assert moved[0] > 1.5 * moved[1] > 20 * moved[2]


def test_what_an_artefact_covers_moves_no_vote(galaxy):
    spoilt = galaxy | {"spoilt": "beside"}
    change = {"own_asymmetry": 0.3, "own_concentration": 3.5, "arms": 0.8, "bulge": 0.9}
    plain, changed = tick_probabilities(pd.DataFrame([spoilt, spoilt | change]))
    np.testing.assert_allclose(plain, changed, atol=1e-9)
