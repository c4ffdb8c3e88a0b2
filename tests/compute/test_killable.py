"""Processes that hang in C, crash or are killed are replaced, and leave nothing behind."""

from pathlib import Path

import pytest
from helpers.hanging import folder_of_temporaries, hang, process_id, refuse, work, write_and_hang

from galopt.compute.killable import Broken, Killable
from galopt.compute.parallel import Bound, map_cores
from galopt.config import Work
from galopt.errors import GaloptError


@pytest.fixture
def killable():
    """Return how to make a process that can be killed."""
    made = []

    def make(*arguments, **bounds):
        made.append(Killable(*arguments, **bounds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_function_that_hangs_in_c_is_ended_and_its_process_replaced(killable):
    process = killable(work, seconds=1)
    with pytest.raises(Broken, match="took longer than 1 s") as broken:
        process(("a", "hang", "b"))
    assert (broken.value.part, broken.value.deserved) == (1, True)
    assert process(("a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("deed", "reason", "deserved"),
    [("crash", r"crashed \(SIGSEGV\)", True), ("die", "was killed", False)],
)
def test_what_ends_its_process_is_told_from_what_others_have_ended(
    killable, deed, reason, deserved
):
    process = killable(work)
    with pytest.raises(Broken, match=reason) as broken:
        process((deed,))
    assert (broken.value.part, broken.value.deserved) == (0, deserved)
    assert process(("a",)) == ["a"]


def test_each_part_has_its_time(killable):
    assert len(killable(work, seconds=0.5)(tuple("abc") * 100)) == 300


def test_an_error_reaches_the_caller_with_where_it_was_raised(killable):
    process = killable(int)
    with pytest.raises(ValueError, match="invalid literal") as raised:
        process("x")
    assert "in _work" in raised.value.__notes__[0]
    assert process("1") == 1


def test_a_process_that_is_killed_leaves_no_temporary(killable):
    process = killable(folder_of_temporaries)
    before = process()
    process.close()
    assert not Path(before).exists()
    process = killable(write_and_hang, seconds=1)
    before = process._folder.name
    with pytest.raises(Broken):
        process()
    assert not Path(before).exists()


@pytest.mark.parametrize(
    "where",
    [Work(workers=1), Work(workers=2), Work(workers=2, cluster="local")],
    ids=["one process", "two processes", "a cluster"],
)
def test_what_hangs_or_crashes_costs_itself_alone(where):
    items = [("a", "hang", "b", "crash"), ("c",)]
    found = list(map_cores(work, items, "working", where, bound=Bound(3, refuse)))
    late, crashed = "reading it took longer than 3 s", "reading it crashed (SIGSEGV)"
    assert found == [["a", late, "b", crashed], ["c"]]


def test_a_process_that_the_system_kills_costs_no_galaxy():
    with pytest.raises(GaloptError, match="a process was killed.*work.workers=1"):
        list(map_cores(work, [("die",)], "working", bound=Bound(60, refuse)))


def test_a_consumer_that_stops_does_not_wait_for_what_hangs():
    results = map_cores(
        work, [("a",), ("hang",)], "working", Work(workers=2), bound=Bound(60, refuse)
    )
    assert next(results) == ["a"]
    results.close()


def test_a_process_serves_many_items():
    found = map_cores(process_id, range(20), "working", bound=Bound(60, lambda *_: None))
    assert len(set(found)) == 1


def test_hanging_is_what_it_says(killable):
    with pytest.raises(Broken):
        killable(hang, seconds=0.5)()
