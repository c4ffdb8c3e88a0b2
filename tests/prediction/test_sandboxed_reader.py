"""Images from strangers are read within bounds, and a reader that fails is replaced."""

import os
import signal
import time

import numpy as np
import pytest
from helpers.hostile import ENDLESS_FITS, png_bomb

from galopt.config import Stamps
from galopt.errors import DataError
from galopt.prediction.coerce_images import stored_or_files
from galopt.prediction.preprocess import make_stamps
from galopt.prediction.sandboxed_reader import Reader

GALAXIES = np.random.default_rng(0).integers(0, 255, (3, 50, 60)).astype(np.uint8)


@pytest.fixture
def reader():
    """Return a reader that has little patience."""
    made = Reader(seconds=20)
    yield made
    made.close()


def read(reader, images):
    return reader(stored_or_files(images, 32), Stamps(), 32)


def test_it_reads_what_the_same_process_would(reader):
    files = stored_or_files(GALAXIES, 32)
    np.testing.assert_array_equal(read(reader, GALAXIES), make_stamps(files, Stamps(), 32))
    with pytest.raises(DataError, match="image 0: unreadable"):
        read(reader, [b"no image"])


def test_a_bomb_is_refused_and_the_reader_goes_on(reader, tmp_path):
    png_bomb(tmp_path / "bomb.png", 50_000, rows=1)
    with pytest.raises(DataError, match="too large"):
        read(reader, [tmp_path / "bomb.png"])
    assert len(read(reader, GALAXIES)) == 3


def test_a_file_that_holds_the_reader_up_is_refused_within_its_time(reader):
    read(reader, GALAXIES)
    reader.seconds = 1
    start = time.monotonic()
    with pytest.raises(DataError, match="image"):
        read(reader, [ENDLESS_FITS])
    assert time.monotonic() - start < 20
    reader.seconds = 20
    assert len(read(reader, GALAXIES)) == 3


def test_a_reader_that_has_died_is_replaced(reader):
    read(reader, GALAXIES)
    os.kill(reader._process._process.pid, signal.SIGKILL)
    with pytest.raises(DataError, match="the process that does was killed"):
        read(reader, GALAXIES)
    assert len(read(reader, GALAXIES)) == 3
