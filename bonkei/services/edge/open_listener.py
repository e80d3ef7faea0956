"""Open sockets: opens one, and gives it another routing."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bonkei.services.edge.capacity import Capacity
from bonkei.services.edge.client.access import Journal
from bonkei.services.edge.client.connection import ClientConnection
from bonkei.services.edge.client.front import Front
from bonkei.services.edge.errors import EdgeError
from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.routing import Opening
from bonkei.services.edge.service_connect import Relay, RelayClient
from bonkei.services.edge.settings import Limits

_FOLLOWING = 200
"""How many further ports are tried for a listener without a fixed port."""

_SETTING = {
    "distribution": "[edge] port in bonkei.toml, or BONKEI_EDGE_PORT",
    "load_balancer": "[alb] port in bonkei.toml, or BONKEI_ALB_PORT",
}


@dataclass(slots=True)
class OpenListener:
    """An open socket, and the `Front` or `Relay` that its connections share."""

    opening: Opening
    server: asyncio.Server
    front: Front | Relay
    port: int

    def takes(self, opening: Opening) -> bool:
        """Whether this socket can serve the opening without a new socket."""
        return isinstance(self.front, Relay) == isinstance(opening.handler, Relay)

    def route(self, opening: Opening) -> None:
        """Swap the routing; requests in flight keep the old one."""
        self.opening = opening
        front = self.front
        if isinstance(front, Relay):
            if isinstance(opening.handler, Relay):
                front.pool = opening.handler.pool
                front.idle_timeout = opening.handler.idle_timeout
            return
        if not isinstance(opening.handler, Relay):
            front.handler = opening.handler
        front.name = opening.address
        front.idle_timeout = opening.idle_timeout
        front.client_keep_alive = opening.client_keep_alive


async def listen(
    opening: Opening,
    taken: set[int],
    limits: Limits,
    capacity: Capacity,
    deadlines: Deadlines,
    journal: Journal | None,
) -> OpenListener:
    """Open a socket at its port. An inexact opening gets the next port that is free and not in
    `taken`. Raises EdgeError."""
    loop = asyncio.get_running_loop()
    handler = opening.handler
    front: Front | Relay
    if isinstance(handler, Relay):
        front, handler.capacity = handler, capacity
    else:
        front = Front(handler, limits, deadlines, capacity, journal)
    connect: Callable[[], RelayClient | ClientConnection] = (
        partial(RelayClient, front)
        if isinstance(front, Relay)
        else partial(ClientConnection, front)
    )
    last = opening.port if opening.exact or not opening.port else opening.port + _FOLLOWING
    for port in range(opening.port, last + 1):
        if port and port in taken and not opening.exact:
            continue
        try:
            server = await loop.create_server(
                connect, opening.host, port, backlog=1024, reuse_address=True
            )
        except OSError as error:
            if opening.exact or port == last:
                raise _cannot_listen(opening, error) from error
            continue
        listening = OpenListener(opening, server, front, server.sockets[0].getsockname()[1])
        listening.route(opening)
        return listening
    raise EdgeError(f"no free port from {opening.port} on for {opening.address}")


def _cannot_listen(opening: Opening, error: OSError) -> EdgeError:
    where = f"{opening.host}:{opening.port}"
    why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
    setting = _SETTING.get(opening.kind)
    if setting is None:
        remedy = f"stop what listens on {where}: a service's name keeps its own port"
    else:
        remedy = f"stop what listens there, or set another port: {setting}"
    return EdgeError(
        f"port {opening.port} on {opening.host} {why}: {opening.address} needs it", remedy=remedy
    )
