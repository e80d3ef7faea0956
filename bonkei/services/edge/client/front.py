"""The state that all connections of one listener share."""

from __future__ import annotations

from typing import Protocol

from bonkei.services.edge.capacity import Capacity, Guest
from bonkei.services.edge.client.access import Journal
from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.exchange import Handler
from bonkei.services.edge.settings import Limits


class Connection(Guest, Protocol):
    """A client's connection, in the view of its listener."""

    def retire(self) -> None:
        """Close when nothing is in flight."""

    def abort(self) -> None:
        """Cut it."""


class Front:
    """One listener. A new routing replaces `handler`."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        deadlines: Deadlines,
        capacity: Capacity,
        journal: Journal | None = None,
    ) -> None:
        self.handler = handler
        self.limits = limits
        self.deadlines = deadlines
        self.capacity = capacity
        self.journal = journal
        self.name = ""
        self.idle_timeout = 60.0
        self.client_keep_alive = 3600.0
        self.connections: set[Connection] = set()
        self.closing = False
        self.requests = 0

    def admit(self, connection: Connection) -> bool:
        """Take a connection in. Returns False if there is no room for it."""
        if self.closing or not self.capacity.admit(connection):
            return False
        self.connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """The connection has ended. Does nothing if it was not admitted."""
        self.connections.discard(connection)
        self.capacity.give_back(connection)

    def close(self) -> None:
        """Let each connection end: an idle one at once, others after their exchange."""
        self.closing = True
        for connection in tuple(self.connections):
            connection.retire()

    def abort(self) -> None:
        """Cut every connection."""
        for connection in tuple(self.connections):
            connection.abort()
