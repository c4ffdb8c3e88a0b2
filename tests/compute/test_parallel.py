"""Work over all cores."""

import os
import subprocess
import sys
from concurrent.futures import Future

import pytest

from galopt.compute.parallel import _in_order, map_cores
from galopt.config import Work
from galopt.errors import GaloptError


class _CountingPool:
    """Works at once and remembers how much it was given."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, function, item):
        self.given += 1
        future: Future = Future()
        future.set_result(function(item))
        return future


def test_results_come_in_order_from_several_processes():
    assert list(map_cores(abs, [-3, 1, -2], "abs", Work(workers=2))) == [3, 1, 2]


def test_error_in_a_worker_reaches_the_caller():
    with pytest.raises(TypeError):
        list(map_cores(abs, ["a", "b"], "abs", Work(workers=2)))


def test_a_killed_worker_is_one_line():
    with pytest.raises(GaloptError, match="a process was killed.*work.workers=1"):
        list(map_cores(os._exit, [1, 1, 1], "dying", Work(workers=2)))


def test_slow_consumer_holds_the_work_back():
    pool = _CountingPool()
    results = _in_order(pool, abs, range(1000), ahead=4)  # type: ignore[arg-type]
    assert next(results) == 0
    assert pool.given == 5
    assert list(results) == list(range(1, 1000))


def test_a_script_that_calls_it_outside_of_any_function_is_run_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from galopt.compute.parallel import map_cores\n"
        "from galopt.config import Work\n"
        "print('started')\n"
        "print(list(map_cores(abs, [-1, -2], 'abs', Work(workers=2))))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["started", "[1, 2]"]
