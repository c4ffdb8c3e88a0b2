"""The errors a user can mend: printed as one line, without a traceback."""

import errno
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


def user_error(error: BaseException) -> GaloptError | None:
    """Return what a user can mend about an error: what it says itself, or that the disk is full.

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
    cause: BaseException | None = error
    while cause is not None:
        full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or "database or disk is full" in str(cause):
            file = getattr(cause, "filename", None)
            where = f" ({file})" if file else ""
            return GaloptError(f"the disk is full{where}: free some space and do the same again")
        cause = cause.__cause__ or cause.__context__
    return None


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an error that the user can mend into one line on stderr and exit status 2."""
    try:
        yield
    except Exception as error:
        message = user_error(error)
        if message is None:
            raise
        print(f"galopt: {message}", file=sys.stderr)
        raise SystemExit(2) from None
