"""What a connection to `galopt serve` may do: it is never waited for longer than `PATIENCE`."""

import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 48
"""A new one takes the place of the one that has kept the server waiting for the longest."""

PATIENCE = 30.0
"""Seconds that a client may take to ask, and to take its answer."""

_LOOK = 1.0
"""Seconds between two looks at a connection."""


class BoundedConnection(H11Protocol):
    """HTTP with clients that ask, and take their answers, in time; others are hung up on."""

    since: float
    """When the server began to wait for the client."""

    @property
    def waits(self) -> bool:
        """Whether the server waits for the client, and not the client for an answer."""
        cycle = self.cycle
        return cycle is None or cycle.more_body or cycle.response_started

    def connection_made(self, transport: Any) -> None:
        """Take a client in, at the cost of the slowest one if there are too many."""
        self.since = time.monotonic()
        if len(self.connections) >= MAX_CONNECTIONS:
            self._drop_the_slowest()
        super().connection_made(transport)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the client's next request."""
        self.since = time.monotonic()
        super().on_response_complete()

    def _drop_the_slowest(self) -> None:
        slow = [c for c in self.connections if isinstance(c, BoundedConnection) and c.waits]
        if slow:
            slowest = min(slow, key=lambda connection: connection.since)
            self.connections.discard(slowest)
            slowest.transport.abort()

    def _watch(self) -> None:
        if self not in self.connections:
            return
        now = time.monotonic()
        if not self.waits:
            self.since = now
        elif now - self.since > PATIENCE:
            self.transport.abort()
            return
        self.loop.call_later(_LOOK, self._watch)
