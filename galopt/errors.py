"""The errors that a user can fix, and how a command shows them: one line, no traceback."""

import errno
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_EXTRAS = {
    "train": {"cmaes", "dask", "distributed", "dvc", "galsim", "optuna", "plotly"},
    "onnx": {"onnx", "onnxruntime", "tf2onnx"},
}
"""The modules of extras in `pyproject.toml`, of which each has commands that need them."""


class GaloptError(Exception):
    """Something the user gave cannot be used; the message says what, where, and what to do."""


class ConfigError(GaloptError):
    """A parameter is unknown, ill-typed or out of range."""


class DataError(GaloptError):
    """A table, an image or a dataset is not what it must be."""


class DivergedError(GaloptError):
    """A training run failed: the loss is no longer a number."""


def user_error(error: BaseException) -> GaloptError | None:
    """Return what a user can fix about an error: what it says itself, a full disk, an extra.

    Parameters
    ----------
    error : exception
        With the errors that have led to it; libraries wrap those of the system.

    Returns
    -------
    GaloptError or None
        None if it is of another kind.
    """
    if isinstance(error, GaloptError):
        return error
    for extra, modules in _EXTRAS.items():
        if isinstance(error, ModuleNotFoundError) and error.name in modules:
            return GaloptError(f"no module {error.name}: pip install 'galopt[{extra}]'")
    cause: BaseException | None = error
    while cause is not None:
        full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
        file = getattr(cause, "filename", None)
        where = f" ({file})" if file else ""
        if full or "database or disk is full" in str(cause):
            return GaloptError(f"the disk is full{where}: free some space and do the same again")
        if isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return GaloptError(
                f"{cause.strerror}{where}: make it readable and writable for you, or work in a "
                "folder that is"
            )
        if "No usable temporary directory" in str(cause):
            return GaloptError("no folder for temporary files: set TMPDIR to one that is writable")
        cause = cause.__cause__ or cause.__context__
    return None


def printable(text: str) -> str:
    """Return a text in which what a terminal would obey, such as colours, can be read instead."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1]
        for letter in text
    )


class _Terminal(logging.Handler):
    """Print messages as they are: what is going on to stdout, warnings to stderr.

    The streams are looked up for each message, because a progress bar replaces them.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            print(f"galopt: {printable(record.getMessage())}", file=sys.stderr, flush=True)
        else:
            print(printable(record.getMessage()), flush=True)


def verbose() -> bool:
    """Whether the notes of TensorFlow, MLflow and DVC are wanted too: ``GALOPT_VERBOSE=1``."""
    return bool(os.environ.get("GALOPT_VERBOSE"))


@contextmanager
def shown_messages() -> Iterator[None]:
    """Show galopt's messages while the block runs."""
    logger, terminal = logging.getLogger("galopt"), _Terminal()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(terminal)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(terminal)
        logger.setLevel(level)
        logger.propagate = propagate


@contextmanager
def command_line() -> Iterator[None]:
    """Run the block as a command: show galopt's messages; a user's error is exit status 2."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # whatever the locale cannot show is spelt
                stream.reconfigure(errors="backslashreplace")
        with shown_messages():
            yield
    except Exception as error:
        message = user_error(error)
        if message is None:
            raise
        print(f"galopt: {printable(str(message))}", file=sys.stderr)
        raise SystemExit(2) from None
