"""What a killed process was writing is cleared away by the next one, and by nobody sooner."""

import multiprocessing
import os
import socket
from pathlib import Path

import pytest

from galopt.files import atomic_file, atomic_folder

HOST = socket.gethostname()


def hang(path: Path, folder: bool, begun) -> None:
    with (atomic_folder if folder else atomic_file)(path) as temporary:
        (temporary / "half" if folder else temporary).write_text("half")
        begun.set()
        multiprocessing.Event().wait()


@pytest.mark.parametrize("folder", [False, True])
def test_the_next_writer_clears_what_a_killed_one_has_left(folder, tmp_path):
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    process = context.Process(target=hang, args=(tmp_path / "made", folder, begun))
    process.start()
    assert begun.wait(30)
    with atomic_file(tmp_path / "other") as temporary:  # while it works, what is its own is left
        temporary.touch()
    assert len(list(tmp_path.glob(".part-*"))) == 1
    process.kill()
    process.join()
    with atomic_file(tmp_path / "other") as temporary:
        temporary.touch()
    assert [file.name for file in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("owner", [f"{os.getppid()}@{HOST}", "4194304@another-host"])
def test_what_may_still_be_written_is_left(owner, tmp_path):
    (tmp_path / f".part-{owner}-made").touch()
    with atomic_file(tmp_path / "made") as temporary:
        temporary.touch()
    assert len(list(tmp_path.iterdir())) == 2


def test_what_an_earlier_process_of_the_same_number_has_left_is_no_hindrance(tmp_path):
    left = tmp_path / f".part-{os.getpid()}@{HOST}-made"
    left.mkdir()
    (left / "half").touch()
    with atomic_folder(tmp_path / "made") as temporary:
        (temporary / "whole").touch()
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["whole"]
