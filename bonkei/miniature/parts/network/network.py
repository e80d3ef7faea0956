"""The network as the supervisor uses it: an address for each caller and callee, gates before the
databases, and obstacles to a task's start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.obstacles import Obstacle, obstacles
from bonkei.analysis.network.start import obstacle_to_start
from bonkei.analysis.network.targets import closed_target_groups
from bonkei.analysis.network.ways import obstacle_to_cluster
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.config import Enforce
from bonkei.miniature.addresses import (
    ONE_ADDRESS,
    CallerAddresses,
    Translator,
    caller_addresses,
    caller_books,
    doubts,
)
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.loopback import AddressBook, Loopback
from bonkei.miniature.parts.network.gates import Gates, Way
from bonkei.miniature.steps import Steps
from bonkei.services.faults.values import Trouble


@dataclass(frozen=True, slots=True)
class NetworkSnapshot:
    """The closed ways. With `enforce` "report", they are only reported. `at_one_address`: what a
    machine with one loopback address means for the tasks; empty on others."""

    enforce: Enforce
    obstacles: tuple[Obstacle, ...]
    at_one_address: tuple[str, ...] = ()


class NetworkPart:
    """Call `place` before the edge follows a blueprint, and `follow` after the databases do.
    `shared`: where the edge looks up the addresses of callers."""

    name = "network"

    def __init__(
        self,
        enforce: Enforce,
        shared: MutableMapping[tuple[str, str], str],
        translator: Translator,
        loopback: Loopback,
        report: Callable[[str], None],
    ) -> None:
        self._enforce = enforce
        self._shared = shared
        self._translator = translator
        self._loopback = loopback
        self._report = report
        self._gates = Gates(enforce, report)
        self._blueprint = Blueprint()
        self._addresses = CallerAddresses({}, {})
        self._sources: dict[str, str] = {}
        self._obstacles: tuple[Obstacle, ...] = ()
        self._at_one_address: tuple[str, ...] = ()

    def place(self, blueprint: Blueprint, book: AddressBook) -> None:
        """The addresses of callers. Without enforcement there are none, so they cost nothing."""
        is_new = blueprint is not self._blueprint
        self._blueprint = blueprint
        if self._enforce == "off":
            return
        if is_new:  # addresses become known twice for a blueprint: before and after the edge's
            self._obstacles = obstacles(blueprint)
        self._addresses = caller_addresses(blueprint, self._loopback)
        self._shared.clear()
        self._shared.update(self._addresses.services)
        self._translator.callers = caller_books(blueprint, book, self._addresses)

    async def follow(self, clusters: Mapping[str, str], steps: Steps) -> None:
        """`clusters`: the address of each database, by its ARN. Raises MiniatureError."""
        try:
            await self._gates.follow(self._ways(clusters))
        except OSError as error:
            raise MiniatureError(
                f"a caller's address cannot be listened on: {error.strerror or error}",
                remedy="see what listens there, or set BONKEI_ENFORCE=off",
            ) from None
        if self._loopback.is_one:
            said, lines = self._at_one_address, doubts(self._blueprint, self._translator)
            self._at_one_address = (ONE_ADDRESS, *lines)
            for line in self._at_one_address:
                if line not in said:
                    steps.note(line)

    def _ways(self, clusters: Mapping[str, str]) -> Iterator[Way]:
        known = {store.arn: store for store in self._blueprint.stores}
        for (name, arn), host in self._addresses.clusters.items():
            if arn in known and arn in clusters:
                cluster = known[arn]
                target = self._loopback.here(clusters[arn], cluster.port)
                why = self._why(name, cluster)
                here = self._loopback.here(host, cluster.port)
                yield Way(name, cluster.identifier, *here, target, why)

    def _why(self, name: str, cluster: DatabaseCluster | Cache) -> str:
        source = name if name.startswith("function ") else f"task {name}"
        caller = find_caller(self._blueprint, source)
        return obstacle_to_cluster(self._blueprint, caller, cluster) if caller else ""

    def disturb(self, troubles: Mapping[str, Trouble]) -> None:
        """Disturb the ways to these clusters, by their identifiers, and no others."""
        self._gates.disturb(troubles)

    def why_not_gated(self, cluster: DatabaseCluster) -> str:
        """Why a task may reach it on a way that cannot be disturbed; empty if none can."""
        if self._enforce == "off":
            return "BONKEI_ENFORCE is off, and so the ways of tasks are not known"
        if any(arn == cluster.arn for _, arn in self._addresses.clusters):
            return ""
        return "no task's way to it has an address of its own here"

    def closed_target_groups(self) -> Mapping[str, str]:
        """Why no load balancer reaches a group's tasks, by its ARN. With "report" all do."""
        return closed_target_groups(self._blueprint) if self._enforce == "on" else {}

    def snapshot(self) -> NetworkSnapshot:
        """For `bonkei status`."""
        return NetworkSnapshot(self._enforce, self._obstacles, self._at_one_address)

    def source(self, task_id: str, group: str) -> str:
        """The caller's place in the network, from a task's credentials."""
        return self._sources.get(task_id) or f"task {group}"

    def address(self, source: str, name: str) -> str:
        """Where a caller (`task web`) finds a name of another service; empty: where all do."""
        return self._shared.get((source.removeprefix("task "), name), "")

    def started(self, task_id: str, source: str) -> None:
        """A task was started with its own network."""
        if len(self._sources) > _MOST:
            self._sources.pop(next(iter(self._sources)))
        self._sources[task_id] = source

    def may_start(self, definition: TaskDefinition, group: str) -> str:
        """Why ECS cannot start a task, in ECS's words; empty if it can. With "report", this is only
        reported."""
        if self._enforce == "off":
            return ""
        caller = find_caller(self._blueprint, f"task {group}")
        words, why = obstacle_to_start(self._blueprint, definition, caller)
        if not why:
            return ""
        if self._enforce == "report":
            self._report(f"{group} would not start: {why}")
            return ""
        return f"{words} ({why})"

    async def stop(self) -> None:
        await self._gates.stop()


_MOST = 1_000  # tasks with their own network that are remembered
