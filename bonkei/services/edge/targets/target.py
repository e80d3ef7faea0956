"""Targets, and the groups that balance requests over them. State only, no sockets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from bonkei.base.events import Endpoint
from bonkei.base.processes.listening import Listener
from bonkei.blueprint.elbv2 import TargetGroup as Configuration
from bonkei.services.edge.targets.target_health import Health
from bonkei.services.edge.targets.upstream import KeptConnections


class Target:
    """One task's port: its health, its requests in flight, and its idle connections. `endpoint`:
    the address to connect to; its own, unless there is a detour."""

    __slots__ = (
        "_listener", "endpoint", "group", "health", "kept", "on_idle", "outstanding", "own",
        "task_id",
    )  # fmt: skip

    def __init__(
        self,
        group: str,
        task_id: str,
        endpoint: Endpoint,
        health: Health,
        kept: KeptConnections,
        pid: int = 0,
    ) -> None:
        """`pid`: the process that should listen there; 0 if it is not known."""
        self._listener = Listener(pid) if pid else None
        self.group = group  # the ARN of the target group, or of the service for Service Connect
        self.task_id = task_id
        self.endpoint = self.own = endpoint
        self.health = health
        self.outstanding = 0
        self.kept = kept
        self.on_idle: Callable[[], None] | None = None  # set while draining

    @property
    def is_squatted(self) -> bool:
        """Whether another program has taken its port, or none listens there. It must not get what
        is meant for the task: visitors' cookies, and the header that opens the load balancer."""
        if self._listener is None or self.endpoint != self.own:
            return False
        return not self._listener.is_reached_at(self.own)

    def finish(self) -> None:
        """One of the outstanding requests is over."""
        self.outstanding -= 1
        if self.outstanding == 0 and self.on_idle is not None:
            self.on_idle()


class Pool:
    """The targets of one group, by task.

    `candidates` is kept ready for the data path. It holds the healthy targets; when there is none,
    every target ("if a target group contains only unhealthy registered targets, the load balancer
    routes requests to all those targets, regardless of their health status"). A target that has
    not passed its first check gets no request while no target has failed: AWS does not document
    this case, and a starting service answers 503.
    """

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.targets: dict[str, Target] = {}
        self.draining: dict[str, Target] = {}
        self.candidates: tuple[Target, ...] = ()
        self._turn = 0
        self.configuration: Configuration | None = None
        self.obstacle = ""  # why no connection reaches the targets through the network
        self.stickiness = 0  # seconds for which a client stays with its target, 0 for not at all

    def configure(self, configuration: Configuration | None) -> None:
        """Take the settings of the target group; None when the group no longer exists."""
        self.configuration = configuration
        self.stickiness = configuration.stickiness if configuration is not None else 0

    def refresh(self) -> None:
        """Compute the candidates again, after a target came, left or changed its health."""
        every = tuple(self.targets.values())
        healthy = tuple(each for each in every if each.health.state == "healthy")
        if healthy or all(each.health.state == "initial" for each in every):
            self.candidates = healthy
        else:
            self.candidates = every

    def choose(self, excluded: Iterable[Target] = ()) -> Target | None:
        """The next target by the group's algorithm; None if there is none.

        Round robin takes targets in turn. Least outstanding requests takes the target with the
        fewest requests in flight, and equal ones in turn ("Target group attributes: Routing
        algorithms").
        """
        candidates = self.candidates
        if excluded:
            candidates = tuple(each for each in candidates if each not in excluded)
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        if self.algorithm == "weighted_random":
            return random.choice(candidates)  # noqa: S311
        candidates = self._eligible(candidates)
        turn = self._turn
        self._turn = turn + 1
        return candidates[turn % len(candidates)]

    @property
    def algorithm(self) -> str:
        return self.configuration.algorithm if self.configuration else "round_robin"

    def prospects(self) -> tuple[Target, ...]:
        """The targets among which `choose` chooses. The next one is first, unless it is random.
        Nothing is changed."""
        if len(self.candidates) < 2 or self.algorithm == "weighted_random":
            return self.candidates
        eligible = self._eligible(self.candidates)
        turn = self._turn % len(eligible)
        return (*eligible[turn:], *eligible[:turn])

    def _eligible(self, candidates: tuple[Target, ...]) -> tuple[Target, ...]:
        if self.algorithm != "least_outstanding_requests":
            return candidates
        least = min(each.outstanding for each in candidates)
        return tuple(each for each in candidates if each.outstanding == least)
