"""Work that would never end is ended, and says what it was."""

import itertools
import time

import pytest

from galopt.compute.time_limit import time_limit


def test_work_that_takes_too_long_is_ended():
    with (
        pytest.raises(TimeoutError, match="counting took longer than 0 s"),
        time_limit(0.05, "counting"),
    ):
        for _ in itertools.count():
            pass


def test_work_in_time_is_left_alone():
    with time_limit(0.05, "waiting"):
        pass
    time.sleep(0.1)  # no alarm is left
