"""Stamps in memory and on disk: the same galaxies, in shuffled orders that the seed decides."""

import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.small import small

from galopt.training import stamp_store
from galopt.training.batches import Batches
from galopt.training.checkpoint import Checkpoint
from galopt.training.stamp_store import OnDisk, fits_in_memory, read_rows
from galopt.training.train import train


@pytest.fixture
def small_groups(monkeypatch):
    """Mix four blocks of eight stamps of the blobs."""
    monkeypatch.setattr(stamp_store, "BLOCK", 8)
    return lambda images: monkeypatch.setattr(stamp_store, "GROUP_BYTES", 32 * images[:1].nbytes)


@pytest.fixture
def no_memory(monkeypatch, small_groups, blobs):
    small_groups(blobs.split("train").images)
    monkeypatch.setattr(stamp_store, "SHARE", 0.0)
    return monkeypatch


def mapped(path, rows, side=8):
    """Return a memory map of stamps that say which they are."""
    stamps = np.random.default_rng(0).integers(0, 256, (rows, side, side, 1), np.uint8)
    stamps[:, 0, 0, 0], stamps[:, 0, 1, 0] = np.divmod(np.arange(rows), 256)
    np.save(path, stamps)
    return np.load(path, mmap_mode="r")


def numbers(stamps):
    return stamps[:, 0, 0, 0].astype(int) * 256 + stamps[:, 0, 1, 0]


def test_in_memory_the_order_is_one_permutation_of_all(blobs):
    split = blobs.split("train")
    batches = Batches(split, 32, repeats=1, seed=3)
    batches.start(epoch=5)
    rows = np.random.default_rng([3, 5]).permutation(np.repeat(np.arange(len(split)), 2))
    for number in range(len(batches)):
        stamps, fractions = batches[number]
        own = rows[32 * number : 32 * (number + 1)]
        np.testing.assert_array_equal(stamps, split.images[own])
        np.testing.assert_array_equal(fractions, split.fractions[own])


@pytest.mark.parametrize("rows", [1, 31, 32, 64, 333])
def test_on_disk_every_row_is_read_as_often_as_asked(tmp_path, small_groups, rows):
    images = mapped(tmp_path / "images.npy", rows)
    small_groups(images)
    store = OnDisk(images)
    order = store.shuffle(np.random.default_rng(0), times=3)
    np.testing.assert_array_equal(np.bincount(order), np.full(rows, 3))
    taken = [store.take(start, start + 20) for start in range(0, len(order), 20)]
    np.testing.assert_array_equal(numbers(np.concatenate(taken)), order)


def test_on_disk_any_batch_can_be_asked_for(tmp_path, small_groups):
    images = mapped(tmp_path / "images.npy", 400)
    small_groups(images)
    store = OnDisk(images)
    order = store.shuffle(np.random.default_rng(1), times=1)
    for start, stop in [(390, 410), (0, 5), (100, 300), (0, 5), (400, 420)]:
        np.testing.assert_array_equal(numbers(store.take(start, stop)), order[start:stop])


def test_on_disk_neighbours_are_mixed_with_others(tmp_path, small_groups):
    images = mapped(tmp_path / "images.npy", 4000)
    small_groups(images)
    store = OnDisk(images)
    order = store.shuffle(np.random.default_rng(0), times=1)
    blocks = [len(set(order[start : start + 32] // 8)) for start in range(0, 4000, 32)]
    assert set(blocks) == {4}
    assert (np.diff(order) == 1).mean() < 0.1
    assert abs(np.corrcoef(np.arange(4000), order)[0, 1]) < 0.1


def test_on_disk_images_stay_with_their_fractions_in_an_order_of_the_seed(blobs, small_groups):
    split = blobs.split("train")
    small_groups(split.images)
    first, again = (Batches(split, 24, 1, seed=3, on_disk=True) for _ in range(2))
    first.start(epoch=2)
    again.start(epoch=1)
    again[0]
    again.start(epoch=2)
    assert len(first) == len(again) == -(-2 * len(split) // 24)
    for number in range(len(first)):
        (stamps, fractions), rows = first[number], first.order[24 * number : 24 * (number + 1)]
        np.testing.assert_array_equal(stamps, split.images[rows])
        np.testing.assert_array_equal(fractions, split.fractions[rows])
        np.testing.assert_array_equal(stamps, again[number][0])
    before = first.order
    first.start(epoch=3)
    assert (first.order != before).any()


def test_rows_are_copied_in_the_order_that_was_asked_for(tmp_path):
    images = mapped(tmp_path / "images.npy", 1500)
    rows = np.random.default_rng(0).integers(0, 1500, 1400)
    np.testing.assert_array_equal(read_rows(images, rows), images[rows])
    np.testing.assert_array_equal(read_rows(np.array(images), rows), images[rows])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_read_of_a_file_does_not_stay_in_memory(tmp_path):
    images = mapped(tmp_path / "images.npy", 20_000, side=84)  # 135 MiB

    def of_files():
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssFile:")[1].split()[0]) / 2**10

    before, most = of_files(), 0.0
    for start in range(0, 20_000, 1000):
        read_rows(images, np.arange(start, start + 1000))
        most = max(most, of_files() - before)
    assert most < 30


def test_what_fits_is_decided_by_the_memory_there_is(tmp_path, monkeypatch):
    images = mapped(tmp_path / "images.npy", 1000)
    monkeypatch.setattr(stamp_store, "available_memory", lambda: 4 * images.nbytes)
    assert fits_in_memory(images, images)
    assert not fits_in_memory(images, images, images)
    assert fits_in_memory(*3 * [np.array(images)])  # they are there already


def test_training_from_disk_learns_the_same(blobs, tmp_path, no_memory):
    config = small(train__epochs=4)
    on_disk = train(config, blobs, tmp_path / "disk")
    no_memory.setattr(stamp_store, "SHARE", 0.5)
    in_memory = train(config, blobs, tmp_path / "memory")
    assert Checkpoint(tmp_path / "disk", config, blobs.info["hash"]).on_disk
    assert not Checkpoint(tmp_path / "memory", config, blobs.info["hash"]).on_disk
    assert on_disk.history[0]["val_rmse"] != in_memory.history[0]["val_rmse"]
    assert on_disk.val_rmse == pytest.approx(in_memory.val_rmse, abs=0.03)


def test_a_run_from_disk_goes_on_from_disk_as_if_unbroken(blobs, tmp_path, no_memory):
    class Stop(Exception):
        pass

    def stop(epoch, values):
        raise Stop

    config = small(train__epochs=2)
    whole = train(config, blobs, tmp_path / "whole")
    with pytest.raises(Stop):
        train(config, blobs, tmp_path / "broken", on_epoch=stop)
    no_memory.setattr(stamp_store, "SHARE", 0.5)  # there is memory now
    again = train(config, blobs, tmp_path / "broken")
    assert [epoch["val_rmse"] for epoch in again.history] == pytest.approx(
        [epoch["val_rmse"] for epoch in whole.history], abs=1e-6
    )
