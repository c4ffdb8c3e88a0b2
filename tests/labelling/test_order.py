"""Which galaxy is next."""

import numpy as np

from galopt.labelling.order import Order


def seen_by(order: Order, galaxies: int) -> list[int]:
    """Return the order in which one person would see all galaxies."""
    free, seen = np.ones(galaxies, bool), []
    while (best := order.best(free)) is not None:
        free[best] = False
        order.learn(best)
        seen.append(best)
    return seen


def crowds(*sizes: int) -> np.ndarray:
    """Return features in as many directions, so many galaxies in each."""
    rng = np.random.default_rng(0)
    directions = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    return (directions + rng.normal(0, 0.01, directions.shape)).astype(np.float32)


def test_each_crowd_is_seen_once_before_any_twice_and_the_largest_first():
    order = Order(crowds(40, 10, 20))
    first = seen_by(order, 70)[:3]
    assert [sum(n >= np.array([40, 50])) for n in first] == [0, 2, 1]


def test_a_crowd_that_is_uncertain_counts_for_more():
    doubt = np.r_[np.full(40, 0.1), np.full(10, 0.9)]
    assert seen_by(Order(crowds(40, 10), doubt), 50)[0] >= 40


def test_what_is_known_is_not_asked_about():
    order = Order(crowds(40, 10))
    order.learn(5)
    assert order.best(np.ones(50, bool)) >= 40


def test_every_galaxy_is_seen_once_whatever_their_number(monkeypatch):
    monkeypatch.setattr("galopt.labelling.order.CANDIDATES", 7)
    for order in (Order(crowds(20, 10), seed=1), Order(galaxies=30, seed=1)):
        assert sorted(seen_by(order, 30)) == list(range(30))
    assert seen_by(Order(galaxies=30, seed=1), 30) != list(range(30))
