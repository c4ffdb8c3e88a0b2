"""The simulated sky in an astronomer's eyes: what voters call a spheroid looks like one.

Each galaxy counts by the chance that voters call it a spheroid or a disk, from many elections,
so that a few hundred painted galaxies suffice.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammainc, gammaincinv

from galopt.data.survey.simulated.population import VOTED, draw_population
from galopt.data.survey.simulated.voters import cast_votes
from galopt.data.survey.votes import TARGETS

BRIGHT = 22.5
"""H (AB mag) of galaxies that show what they are."""

ELECTIONS = 100


@pytest.fixture(scope="module")
def bright(simulated):
    """Return the bright, unspoilt galaxies, their Sersic indices and how often each class wins."""
    truth = pd.read_parquet(simulated / "truth.parquet")
    seen = truth[(truth.h_mag < BRIGHT) & (truth.spoilt == "") & ~truth.star]
    again = seen.loc[seen.index.repeat(ELECTIONS)]
    chances = again[[f"p_{target}" for target in TARGETS]].to_numpy()
    votes = cast_votes(chances, again.n_votes.to_numpy(), np.random.default_rng(1))
    votes = (votes / votes.sum(axis=1, keepdims=True)).reshape(len(seen), ELECTIONS, -1)
    chosen = (votes >= 0.8 - 1e-9).mean(axis=1)
    return seen.assign(
        spheroid=chosen[:, 0],
        disk=chosen[:, 1],
        vote=votes[..., 0].mean(axis=1),
        sersic=sersic_index(seen),
    )


def sersic_index(galaxies):
    """Return the index of the Sersic profile whose r80/r20 is that of bulge and disk together."""
    radius = np.geomspace(3e-3, 30, 200)
    light = np.zeros((len(galaxies), len(radius)))
    for part, share in (("bulge", galaxies.bulge), ("disk", 1 - galaxies.bulge)):
        n, q = galaxies[f"n_{part}"], galaxies[f"q_{part}"]
        scale = radius / (galaxies[f"re_{part}"] * np.sqrt(q)).to_numpy()[:, None]
        light += share.to_numpy()[:, None] * within(n.to_numpy()[:, None], scale)
    ratio = [np.divide(*np.interp([0.8, 0.2], grown, radius)) for grown in light]
    n = np.linspace(0.2, 10, 200)
    middle = gammaincinv(2 * n, 0.5)
    known = [(gammaincinv(2 * n, share) / middle) ** n for share in (0.8, 0.2)]
    return np.interp(ratio, np.divide(*known), n)


def within(n, radius):
    """Return the share of a Sersic profile's light within a radius, in half-light radii."""
    return gammainc(2 * n, gammaincinv(2 * n, 0.5) * radius ** (1 / n))


def middle(values, weight):
    """Return the weighted median."""
    order = np.argsort(values)
    grown = np.cumsum(np.asarray(weight)[order])
    return np.asarray(values)[order][np.searchsorted(grown, grown[-1] / 2)]


def test_what_is_voted_spheroid_has_no_arms_and_is_not_thin(bright):
    """At most 5 % of the bright galaxies with a spheroid fraction of 0.8 or more."""
    assert bright.spheroid.sum() > 8
    armed = bright.arms >= 0.2
    thin = bright.own_axis_ratio < 0.4
    assert (bright.spheroid * (armed | thin)).sum() < 0.05 * bright.spheroid.sum()


def test_arms_and_edge_on_shapes_are_voted_disk(bright):
    thin = bright[bright.own_axis_ratio < 0.4]
    spiral = bright[(bright.arms > 0.4) & (bright.own_r50 > 0.4)]
    for galaxies in (thin, spiral):
        assert len(galaxies) > 4
        assert galaxies.vote.mean() < 0.2


def test_the_vote_for_spheroid_rises_with_the_sersic_index(bright):
    """Kartaltepe et al. (2023, ApJ 946, L15): pure spheroids have the higher Sersic indices.

    An index of 2.5 is where Bruce et al. (2012, MNRAS 427, 1666) part spheroids from disks.
    """
    steps = bright.groupby(pd.cut(bright.sersic, [0, 1.5, 2.5, 10])).vote.mean()
    assert steps.is_monotonic_increasing
    assert steps.iloc[0] < 0.2
    assert steps.iloc[-1] > 0.55
    assert middle(bright.sersic, bright.spheroid) > 2.5
    assert middle(bright.sersic, bright.disk) < 1.8


def test_spheroids_are_rounder_smaller_and_less_lopsided_than_disks(bright):
    """Kartaltepe et al. (2023), abstract; Huertas-Company et al. (2014, arXiv:1406.1175)."""
    shape = {name: middle(bright[f"own_{name}"], bright.spheroid) for name in NAMES}
    disk = {name: middle(bright[f"own_{name}"], bright.disk) for name in NAMES}
    assert shape["axis_ratio"] > disk["axis_ratio"] + 0.05
    assert shape["r50"] < disk["r50"]
    assert shape["asymmetry"] < disk["asymmetry"]


NAMES = ["axis_ratio", "r50", "asymmetry"]


def test_profiles_and_axis_ratios_are_those_of_the_sky():
    """Percentiles 16 and 84 of GALFIT's index, H < 24.5 in the 3D-HST COSMOS catalogue.

    Disks have indices of about one, spheroids of three to four, and only disks have arms.
    """
    galaxies = draw_population(np.random.default_rng(1), 2048, 0.06).query(f"h_mag < {VOTED}")
    index = sersic_index(galaxies)
    low, high = np.percentile(index, [16, 84])
    assert low == pytest.approx(0.7, abs=0.35)
    assert high == pytest.approx(3, abs=0.5)
    spheroid, disk = galaxies.bulge > 0.8, galaxies.bulge < 0.2
    assert 3 < np.median(index[spheroid]) < 4
    assert 0.8 < np.median(index[disk]) < 1.4
    assert (galaxies.arms[galaxies.bulge > 0.5] == 0).all()
    assert galaxies.q_bulge.min() >= 0.5
