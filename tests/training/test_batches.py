"""Batches: every galaxy, as often as asked, in an order the seed decides."""

import numpy as np
import pytest

from galopt.data.dataset import Split
from galopt.errors import ConfigError, DataError
from galopt.training.batches import Batches, labelled, vote_weights


def test_every_galaxy_appears_once_and_in_each_copy(blobs):
    split = blobs.split("train")
    batches = Batches(split, batch_size=32, repeats=3, seed=1)
    assert len(batches) == -(-4 * len(split) // 32)
    seen = np.concatenate([batches[i][1] for i in range(len(batches))])
    assert len(seen) == 4 * len(split)
    np.testing.assert_allclose(np.sort(seen, 0), np.sort(np.repeat(split.fractions, 4, 0), 0))


def test_devices_share_every_batch_equally(blobs):
    split = blobs.split("train")
    batches = Batches(split, batch_size=33, repeats=0, seed=1, devices=3)
    sizes = [len(batches[i][0]) for i in range(len(batches))]
    assert {size % 3 for size in sizes} == {0}
    assert sum(sizes) == len(split) - len(split) % 3
    with pytest.raises(ConfigError, match="batch_size=32: 3 devices .* a multiple of 3"):
        Batches(split, batch_size=32, repeats=0, seed=1, devices=3)


def test_images_stay_with_their_fractions(blobs):
    split = blobs.split("train")
    images, fractions = Batches(split, batch_size=8, repeats=0, seed=2)[1]
    for image, fraction in zip(images, fractions, strict=True):
        row = np.flatnonzero((split.images == image).all(axis=(1, 2)))
        assert (split.fractions[row] == fraction).all()


def test_the_order_depends_on_the_epoch_and_the_seed_alone(blobs):
    first, again, other = (Batches(blobs.split("train"), 16, 1, seed) for seed in (3, 3, 4))
    first.start(epoch=5)
    again.start(epoch=2)
    again.start(epoch=5)
    other.start(epoch=5)
    assert (first.order == again.order).all()
    assert (first.order != other.order).any()
    before = first.order
    first.start(epoch=6)
    assert (first.order != before).any()


def test_a_galaxy_weighs_as_its_number_of_votes(blobs):
    split = blobs.split("train")
    catalog = split.catalog.assign(n_votes=np.arange(len(split)))
    weights = vote_weights(Split(split.images, split.fractions, catalog))
    assert weights.mean() == pytest.approx(1)
    assert weights[2] == pytest.approx(2 * weights[1])
    drawn = Batches(split, 8, 0, 2, weights)
    np.testing.assert_array_equal(drawn[0][2], weights[drawn.order[:8]])


def test_votes_that_were_not_counted_cannot_weigh(blobs):
    split = blobs.split("train")
    catalog = split.catalog.drop(columns="n_votes")
    with pytest.raises(DataError, match="weight_by_votes=true.*no column n_votes"):
        vote_weights(Split(split.images, split.fractions, catalog))


@pytest.mark.parametrize("voters", [-1, np.nan])
def test_what_is_no_number_of_voters_is_refused(blobs, voters):
    split = blobs.split("train")
    catalog = split.catalog.assign(n_votes=[4.0] * (len(split) - 1) + [voters])
    with pytest.raises(DataError, match=f"n_votes of 'g.*' is {voters}"):
        vote_weights(Split(split.images, split.fractions, catalog))


def test_few_labels_are_few_in_validation_too(blobs):
    train, validation = labelled(blobs, 40, seed=1)
    assert len(train) == 40
    assert len(validation) == np.ceil(
        40 * len(blobs.split("validation")) / len(blobs.split("train"))
    )
    again, _ = labelled(blobs, 40, seed=1)
    other, _ = labelled(blobs, 40, seed=2)
    assert list(train.catalog["id"]) == list(again.catalog["id"]) != list(other.catalog["id"])
    assert len(labelled(blobs, None, seed=1)[1]) == len(blobs.split("validation"))
