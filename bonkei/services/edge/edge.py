"""The edge's life cycle: opens and closes listeners, swaps the routing, shows the state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from bonkei.analysis.network.targets import closed_target_groups
from bonkei.base.events import Bus, Endpoint
from bonkei.blueprint import Blueprint
from bonkei.services.edge.capacity import Capacity, Seldom, share_out
from bonkei.services.edge.client.access import AccessHook, Journal
from bonkei.services.edge.client.front import Front
from bonkei.services.edge.errors import EdgeError, all_of
from bonkei.services.edge.explain import Explanation
from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.open_listener import OpenListener, listen
from bonkei.services.edge.routing import Memory, Opening, RoutingTable, compile_routing
from bonkei.services.edge.service_connect import Relay
from bonkei.services.edge.settings import EdgeSettings
from bonkei.services.edge.snapshot import EdgeSnapshot
from bonkei.services.edge.state import (
    acl_state,
    cache_state,
    capacity_state,
    listener_state,
    pool_state,
)
from bonkei.services.edge.targets.detours import Detour, TargetKey
from bonkei.services.edge.targets.registry import Registry


class Edge:
    """CloudFront, WAF, the load balancers and Service Connect of one blueprint.

    It learns of targets from the bus only, and publishes TargetHealthChanged and TargetDrained.
    `on_access` receives the finished requests. `report` receives messages for the user: the limit
    of connections is reached.
    """

    def __init__(
        self,
        bus: Bus,
        settings: EdgeSettings | None = None,
        on_access: AccessHook | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings or EdgeSettings()
        self.objects = self._settings.objects
        shares = share_out(self._settings.open_files)
        self._capacities = {
            "public": self._capacity(shares.public, report),
            "service_connect": self._capacity(shares.internal, report),
        }
        self._exhausted = 0
        self._report = Seldom(report)
        self._registry = Registry(
            bus, self._settings.initial_probe_interval, shares.kept, self._on_exhausted
        )
        self._on_access = on_access
        self._journal: Journal | None = None
        self._memory = Memory()
        self._table = RoutingTable()
        self._open: dict[str, OpenListener] = {}
        self._deadlines: Deadlines | None = None
        self._retiring: list[Front | Relay] = []

    async def start(self, blueprint: Blueprint) -> None:
        """Open the listeners, all or none. Raises EdgeError if one cannot be opened."""
        loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(loop)
        if self._on_access is not None:
            self._journal = Journal(self._on_access, loop.call_soon)
        self._registry.start()
        try:
            await self.apply(blueprint)
        except BaseException:
            await self.stop(0)
            raise

    async def apply(self, blueprint: Blueprint) -> None:
        """Route by another blueprint. Requests in flight keep the routing that they began with.

        New listeners are opened first. If one cannot be opened, EdgeError is raised, and the old
        routing stays.
        """
        deadlines = self._deadlines
        if deadlines is None:
            raise EdgeError("the edge is not started", remedy="call start() first")
        table = compile_routing(blueprint, self._registry, self._memory, deadlines, self._settings)
        wanted = {opening.key: opening for opening in table.openings}
        kept = {
            key: held
            for key, held in self._open.items()
            if key in wanted and held.takes(wanted[key])
        }
        gone = [each for key, each in self._open.items() if key not in kept]
        for each in gone:
            each.server.close()
        opened: dict[str, OpenListener] = {}
        refused = []
        # Those that need their port come first: others take the next free one.
        for key, opening in sorted(wanted.items(), key=lambda each: not each[1].exact):
            if key not in kept:
                taken = {each.port for each in (*kept.values(), *opened.values())}
                try:
                    opened[key] = await self._listen(opening, deadlines, taken)
                except EdgeError as error:
                    refused.append(error)
        if refused:
            for each in opened.values():
                each.server.close()
            await self._reopen(gone, deadlines)
            raise all_of(refused)
        for key, each in kept.items():
            each.route(wanted[key])
        closed = closed_target_groups(blueprint) if self._settings.enforces_network else {}
        self._registry.configure(table.target_groups, table.in_use, closed)
        self._open = {key: opened.get(key) or kept[key] for key in wanted}
        self._table = table
        for each in gone:
            each.front.close()
            self._retiring.append(each.front)
        self._retiring = [front for front in self._retiring if front.connections]
        self._memory.forget_all_but(blueprint)

    def forget_responses(self) -> None:
        """Empty the caches, so that a file that a user has just edited is fetched again."""
        for cache in self._memory.caches.values():
            cache.clear()

    async def drain(self, grace: float = 10.0) -> None:
        """Accept no new request at the public listeners, and wait for those in flight: `grace`
        seconds at most, or until cancelled.

        Service Connect stays: a request in flight may need another service.
        """
        public = [each for each in self._open.values() if each.opening.kind != "service_connect"]
        for each in public:
            each.server.close()
            each.front.close()
        await _until_idle([each.front for each in public] + self._retiring, grace)

    async def stop(self, grace: float = 10.0) -> None:
        """Accept no new request, wait `grace` seconds for those in flight, then cut the rest."""
        fronts = [each.front for each in self._open.values()] + self._retiring
        for each in self._open.values():
            each.server.close()
        for front in fronts:
            front.close()
        await _until_idle(fronts, grace)
        for front in fronts:
            front.abort()
        await self._registry.stop()
        if self._journal is not None:
            self._journal.flush()
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

    async def _listen(
        self, opening: Opening, deadlines: Deadlines, taken: set[int]
    ) -> OpenListener:
        internal = opening.kind == "service_connect"
        capacity = self._capacities["service_connect" if internal else "public"]
        return await listen(
            opening, taken, self._settings.limits, capacity, deadlines, self._journal
        )

    async def _reopen(self, gone: Iterable[OpenListener], deadlines: Deadlines) -> None:
        """Open the old listeners again, after a new one failed."""
        for each in gone:
            again = await self._listen(each.opening, deadlines, set())
            each.server, each.port = again.server, again.port
            if isinstance(again.front, Front):
                self._retiring.append(each.front)  # it still has connections
                each.front = again.front

    # Capacity.

    def _capacity(self, share: int, report: Callable[[str], None]) -> Capacity:
        most = self._settings.limits.connections
        if share < most:
            return Capacity(share, self._limit_of_files(), report)
        return Capacity(most, "the miniature's own bound", report)

    def _limit_of_files(self) -> str:
        return f"the limit of open files is {self._settings.open_files}, `ulimit -n` raises it"

    def _on_exhausted(self) -> None:
        self._exhausted += 1
        self._report(f"no file is left for a connection to a target: {self._limit_of_files()}")

    # Detours.

    def targets(self) -> dict[TargetKey, Endpoint]:
        """Where each registered target listens."""
        return self._registry.detours.own_endpoints()

    def detour(self, wanted: Mapping[TargetKey, Detour]) -> None:
        """From now on, lead requests and health checks for these targets elsewhere. The next call
        replaces this."""
        self._registry.detour(wanted)

    # Explanations of a request's way. Nothing is sent, counted or cached.

    def explain(self, port: int, head: bytes, body: bytes = b"") -> Explanation:
        """Explain a request to the listener at this port, sent from this machine: its head up to
        the empty line, and its body. Raises EdgeError if nothing listens there."""
        from bonkei.services.edge.explain.explain import explain_head  # noqa: PLC0415 - seldom wanted

        for held in self._open.values():
            if held.port == port:
                limits = self._settings.limits
                return explain_head(held.opening.handler, head, "127.0.0.1", limits, body)
        raise EdgeError(f"nothing listens at port {port}", remedy="see `bonkei status`")

    def explain_request(self, listener: str, request: Request) -> Explanation | None:
        """Explain a request to a listener, by the listener's Terraform address; None if there is
        none."""
        from bonkei.services.edge.explain.explain import explain_handler  # noqa: PLC0415 - seldom wanted

        for held in self._open.values():
            handler = held.opening.handler
            if held.opening.address == listener and not isinstance(handler, Relay):
                return explain_handler(handler, request)
        return None

    # State.

    def snapshot(self) -> EdgeSnapshot:
        """Listeners, the health of targets, caches, web ACLs, and features not simulated."""
        services = dict(self._table.services)
        return EdgeSnapshot(
            shifts=tuple(self._registry.shifts.items()),
            listeners=tuple(listener_state(each) for each in self._open.values()),
            target_groups=tuple(
                pool_state(self._registry.pools[group.arn], group.address, group.name)
                for group in self._table.target_groups
                if group.arn in self._registry.pools
            ),
            services=tuple(
                pool_state(pool, services.get(arn, ""), port_name)
                for (arn, port_name), pool in self._registry.services.items()
            ),
            caches=tuple(cache_state(*each) for each in self._memory.caches.items()),
            web_acls=tuple(acl_state(acl) for acl in self._table.web_acls),
            not_simulated=self._table.not_simulated,
            capacities=tuple(
                capacity_state(name, capacity, self._exhausted)
                for name, capacity in self._capacities.items()
            ),
        )


async def _until_idle(fronts: Sequence[Front | Relay], seconds: float) -> None:
    """Wait until no connection is left, at most `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while any(front.connections for front in fronts) and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
