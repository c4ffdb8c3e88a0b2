"""Starting the library under Keras, without the page of notes that it prints."""

import atexit
import gc
import importlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from galopt.compute.progress import busy
from galopt.errors import verbose

UNNEEDED = ["sklearn", "matplotlib", "jax"]
"""What Keras and TensorFlow import where it is installed, for wrappers, plots and converters that
nobody here uses: a third of their start."""

NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}

_NOTE = re.compile(rb"I\d{4} |INFO: |WARNING: All log messages before absl::InitializeLog")
"""Lines that only inform: absl's, printed before TensorFlow reads its flags, and TFLite's."""


def start_keras() -> None:
    """Import Keras and its backend, which takes seconds, and say so.

    What the backend prints is shown, except notes; with ``GALOPT_VERBOSE=1`` those too.
    """
    if "keras" in sys.modules:
        return
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    unneeded = [module for module in UNNEEDED if module != name]
    with (
        busy(f"Starting {NAMES.get(name, name)}"),
        without_notes(),
        _hidden(*unneeded),
        _uncollected(),
    ):
        importlib.import_module("keras")
    if not verbose():  # it warns of retracing where several networks are trained in turn
        logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the garbage collector the many objects that the block loads, for they stay.

    Neither are they looked through as Python ends, which it does three times, seconds in all.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.freeze)
        gc.enable()


@contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Hide packages from those that import them only where they are there."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


@contextmanager
def without_notes() -> Iterator[None]:
    """Hold back what the block writes to the process's stderr; then show all but notes."""
    if verbose():
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not _NOTE.match(line)))
