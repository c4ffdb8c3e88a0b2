"""The errors a user can mend: printed as one line, without a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class GaloptError(Exception):
    """Something the user gave cannot be used; the message says what, where, and what to do."""


class ConfigError(GaloptError):
    """A parameter is unknown, ill-typed or out of range."""


class DataError(GaloptError):
    """A table, an image or a dataset is not what it must be."""


class DivergedError(GaloptError):
    """A training lost its way: the loss is no longer a number."""


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn a `GaloptError` into one line on stderr and exit status 2."""
    try:
        yield
    except GaloptError as error:
        print(f"galopt: {error}", file=sys.stderr)
        raise SystemExit(2) from None
