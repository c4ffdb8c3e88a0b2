"""Calls to a service that may be away for a while: a database that restarts, a cut link."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from galopt.errors import user_error

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

SECONDS = 300.0
"""How long a service may be away before the call fails."""
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each new attempt; the last is repeated."""


def retry(
    call: Callable[..., Result],
    *arguments: Any,
    errors: type[Exception] | tuple[type[Exception], ...],
    **keywords: Any,
) -> Result:
    """Return ``call(*arguments, **keywords)``, tried again on `errors` for five minutes.

    Raises
    ------
    GaloptError
        The disk is full, which waiting does not fix.
    """
    end = time.monotonic() + SECONDS
    attempt = 0
    while True:
        try:
            return call(*arguments, **keywords)
        except errors as error:
            if full := user_error(error):
                raise full from error
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            if time.monotonic() + pause > end:
                raise
            if attempt == 2:
                logger.warning("waiting for an answer (%s)", _cause(error))
            time.sleep(pause)
            attempt += 1


def _cause(error: BaseException) -> str:
    """Return the first line of what lies at the bottom of an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
