"""What the library under Keras prints at its import: notes are held back, errors are shown."""

import importlib
import os
import subprocess
import sys

import pytest

from galopt.compute.keras_startup import _hidden

CODE = """
import os
from galopt.compute.keras_startup import without_notes
with without_notes():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\\n")
    os.write(2, b"I0000 00:00:1.2 1 port.cc:153] oneDNN custom operations are on.\\n")
    os.write(2, b"E0000 00:00:1.2 1 cuda.cc:1] the driver is too old\\n")
    raise RuntimeError("cannot load")
"""


def stderr(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stderr


def test_notes_are_held_back_and_errors_shown():
    said = stderr()
    assert said.startswith("E0000 00:00:1.2 1 cuda.cc:1] the driver is too old")
    assert "RuntimeError: cannot load" in said
    assert "oneDNN" not in said


def test_verbose_shows_all():
    assert "oneDNN" in stderr(GALOPT_VERBOSE="1")


def test_a_hidden_package_is_there_again_afterwards():
    sys.modules.pop("wave", None)
    with _hidden("wave"), pytest.raises(ImportError):
        importlib.import_module("wave")
    assert importlib.import_module("wave").open
