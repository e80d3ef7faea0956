"""The edge's life: listeners opened and closed, routing swapped, state shown."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bonkei.blueprint import Blueprint
from bonkei.edge.access import AccessHook
from bonkei.edge.connection import ClientConnection
from bonkei.edge.deadlines import Deadlines
from bonkei.edge.errors import EdgeError
from bonkei.edge.front import Front
from bonkei.edge.registry import Registry
from bonkei.edge.routing import Memory, Opening, RoutingTable, compile_routing
from bonkei.edge.service_connect import Relay, RelayClient
from bonkei.edge.settings import EdgeSettings
from bonkei.edge.snapshot import (
    CacheState,
    EdgeSnapshot,
    ListenerState,
    RuleState,
    TargetGroupState,
    TargetState,
    WebAclState,
)
from bonkei.edge.target import Pool
from bonkei.edge.web_acl import CompiledWebAcl
from bonkei.events import Bus

_FOLLOWING = 200
"""How many ports after the first are tried for a listener that may be anywhere."""

_SETTING = {
    "distribution": "[edge] port in bonkei.toml, or BONKEI_EDGE_PORT",
    "load_balancer": "[alb] port in bonkei.toml, or BONKEI_ALB_PORT",
}


@dataclass(slots=True)
class _Open:
    """A listener that is open."""

    opening: Opening
    server: asyncio.Server
    front: Front | Relay
    port: int


class Edge:
    """CloudFront, WAF, the load balancers and Service Connect of one blueprint.

    It learns of targets from the bus only, and publishes TargetHealthChanged and TargetDrained.
    `on_access` is told of each finished request.
    """

    def __init__(
        self, bus: Bus, settings: EdgeSettings | None = None, on_access: AccessHook | None = None
    ) -> None:
        self._settings = settings or EdgeSettings()
        self._registry = Registry(bus, self._settings.initial_probe_interval)
        self._on_access = on_access
        self._memory = Memory()
        self._table = RoutingTable()
        self._open: dict[str, _Open] = {}
        self._deadlines: Deadlines | None = None
        self._retiring: list[Front | Relay] = []

    async def start(self, blueprint: Blueprint) -> None:
        """Open the listeners. Raises EdgeError, with nothing left open, when one cannot be."""
        self._deadlines = Deadlines(asyncio.get_running_loop())
        self._registry.start()
        try:
            await self.apply(blueprint)
        except BaseException:
            await self.stop(0)
            raise

    async def apply(self, blueprint: Blueprint) -> None:
        """Route by another blueprint. Requests in flight end as they began.

        New listeners are opened first: if one cannot be, EdgeError is raised and the old routing
        stays as it was.
        """
        deadlines = self._deadlines
        if deadlines is None:
            raise EdgeError("the edge is not started", remedy="call start() first")
        table = compile_routing(blueprint, self._registry, self._memory, deadlines, self._settings)
        wanted = {opening.key: opening for opening in table.openings}
        kept = {key: self._open[key] for key in wanted if self._keeps(key, wanted[key])}
        gone = [each for key, each in self._open.items() if key not in kept]
        for each in gone:
            each.server.close()
        opened: dict[str, _Open] = {}
        try:
            for key, opening in wanted.items():
                if key not in kept:
                    taken = {each.port for each in (*kept.values(), *opened.values())}
                    opened[key] = await self._listen(opening, deadlines, taken)
        except EdgeError:
            for each in opened.values():
                each.server.close()
            await self._reopen(gone, deadlines)
            raise
        for key, each in kept.items():
            each.opening = wanted[key]
            self._route(each)
        self._registry.configure(table.target_groups, table.in_use)
        self._open = {key: opened.get(key) or kept[key] for key in wanted}
        self._table = table
        for each in gone:
            each.front.close()
            self._retiring.append(each.front)
        self._retiring = [front for front in self._retiring if front.connections]
        self._memory.forget_all_but(blueprint)

    async def drain(self, grace: float = 10.0) -> None:
        """Accept no more at the public listeners, and let what is in flight there end: for `grace`
        seconds, or until cancelled.

        Service Connect stays: a request in flight may need another service.
        """
        public = [each for each in self._open.values() if each.opening.kind != "service_connect"]
        for each in public:
            each.server.close()
            each.front.close()
        await _until_idle([each.front for each in public] + self._retiring, grace)

    async def stop(self, grace: float = 10.0) -> None:
        """Accept no more, let what is in flight end for `grace` seconds, then cut it."""
        fronts = [each.front for each in self._open.values()] + self._retiring
        for each in self._open.values():
            each.server.close()
        for front in fronts:
            front.close()
        await _until_idle(fronts, grace)
        for front in fronts:
            front.abort()
        await self._registry.stop()
        deadlines, self._deadlines = self._deadlines, None
        if deadlines is not None:
            loop = asyncio.get_running_loop()
            end = loop.time() + 1.0
            while not deadlines.empty and loop.time() < end:  # noqa: ASYNC110
                await asyncio.sleep(0)
            deadlines.close()
        for each in self._open.values():
            await each.server.wait_closed()
        self._open = {}
        self._retiring = []

    # Listeners.

    def _keeps(self, key: str, opening: Opening) -> bool:
        """Whether an open listener can take the new routing as it is."""
        held = self._open.get(key)
        return held is not None and isinstance(held.front, Relay) == isinstance(
            opening.handler, Relay
        )

    def _route(self, held: _Open) -> None:
        """Swap the routing of an open listener."""
        opening, front = held.opening, held.front
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

    async def _listen(self, opening: Opening, deadlines: Deadlines, taken: set[int]) -> _Open:
        loop = asyncio.get_running_loop()
        handler = opening.handler
        front: Front | Relay = (
            handler
            if isinstance(handler, Relay)
            else Front(handler, self._settings.limits, deadlines, self._on_access)
        )
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
            held = _Open(opening, server, front, server.sockets[0].getsockname()[1])
            self._route(held)
            return held
        raise EdgeError(f"no free port from {opening.port} on for {opening.address}")

    async def _reopen(self, gone: Iterable[_Open], deadlines: Deadlines) -> None:
        """Undo: open again what was closed to make room."""
        for each in gone:
            again = await self._listen(each.opening, deadlines, set())
            each.server, each.port = again.server, again.port
            if isinstance(again.front, Front):
                each.front = again.front

    # State.

    def snapshot(self) -> EdgeSnapshot:
        """What is open, who is healthy, what was cached, blocked and not simulated."""
        return EdgeSnapshot(
            listeners=tuple(_listener_state(each) for each in self._open.values()),
            target_groups=tuple(
                _pool_state(self._registry.pools[group.arn], group.address, group.name)
                for group in self._table.target_groups
                if group.arn in self._registry.pools
            ),
            services=tuple(
                _pool_state(pool, "", port_name)
                for (_, port_name), pool in self._registry.services.items()
            ),
            caches=tuple(
                CacheState(
                    distribution,
                    cache.objects,
                    cache.bytes,
                    cache.hits,
                    cache.misses,
                    cache.refreshes,
                    cache.evictions,
                )
                for distribution, cache in self._memory.caches.items()
            ),
            web_acls=tuple(_acl_state(acl) for acl in self._table.web_acls),
            not_simulated=self._table.not_simulated,
        )


async def _until_idle(fronts: Sequence[Front | Relay], seconds: float) -> None:
    """Wait until no connection is left, at most so long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while any(front.connections for front in fronts) and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def _cannot_listen(opening: Opening, error: OSError) -> EdgeError:
    where = f"{opening.host}:{opening.port}"
    why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
    setting = _SETTING.get(opening.kind)
    if setting is None:
        remedy = f"stop what listens on {where}: Service Connect needs the endpoint's own port"
    else:
        remedy = f"stop what listens there, or set another port: {setting}"
    return EdgeError(
        f"port {opening.port} on {opening.host} {why}: {opening.address} needs it", remedy=remedy
    )


def _listener_state(held: _Open) -> ListenerState:
    opening = held.opening
    scheme = "tcp" if isinstance(held.front, Relay) else "http"
    return ListenerState(
        kind=opening.kind,
        address=opening.address,
        name=opening.name,
        url=f"{scheme}://{opening.host}:{held.port}",
        host=opening.host,
        port=held.port,
        connections=len(held.front.connections),
        requests=0 if isinstance(held.front, Relay) else held.front.requests,
    )


def _pool_state(pool: Pool, address: str, name: str) -> TargetGroupState:
    return TargetGroupState(
        pool.arn,
        address,
        name,
        tuple(
            TargetState(
                target.task_id,
                target.endpoint.host,
                target.endpoint.port,
                target.health.state,
                target.health.reason,
                target.outstanding,
            )
            for target in (*pool.targets.values(), *pool.draining.values())
        ),
    )


def _acl_state(acl: CompiledWebAcl) -> WebAclState:
    counters = [*acl.counters.rules.items(), ("Default_Action", acl.counters.default)]
    return WebAclState(
        acl.arn,
        acl.address,
        acl.name,
        tuple(
            RuleState(name, counter.allowed, counter.blocked, counter.counted)
            for name, counter in counters
        ),
    )
