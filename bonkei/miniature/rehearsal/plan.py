"""The plan of a rehearsal: the cause of an alarm, and its act. Pure values.

An act is a group of causes at the same time. Causes that would disturb each other are in separate
acts: for example, a suspended task answers no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bonkei.blueprint.ecs import Service
from bonkei.blueprint.rds import DatabaseCluster

Kind = Literal[
    "processor", "memory", "statement", "refused sign-in", "database processor", "outage",
    "firewall", "letter", "no start", "more tasks", "slow", "suspended", "killed", "webhook",
    "records", "injected", "none",
]  # fmt: skip
LOAD, OUTAGE, SLOW, SUSPENDED, KILLED, WEBHOOK, LAST = range(7)
ACTS = (LOAD, OUTAGE, SLOW, SUSPENDED, KILLED, WEBHOOK, LAST)
QUICK = 1.0  # seconds of a period in a rehearsal
LOGGED = 3.0  # the same for records, because a router gathers them before it sends them


@dataclass(frozen=True, slots=True)
class Facts:
    """The abilities of this machine. `connections`: the maximum of a cluster's server, by the
    cluster's ARN (only for servers that run here). `running`: the number of a service's tasks, by
    its ARN."""

    processors: int = 1
    free_memory: int = 0
    connections: Mapping[str, int] | None = None
    running: Mapping[str, int] | None = None
    paths: Mapping[str, Sequence[str]] | None = None
    webhook: str = ""

    def runs(self, cluster: DatabaseCluster) -> int:
        return (self.connections or {}).get(cluster.arn, 0)

    def paths_of(self, service: Service) -> tuple[str, ...]:
        """The paths by the service's name, or the end of it after a hyphen."""
        for name, paths in (self.paths or {}).items():
            if is_called(service, name):
                return tuple(paths)
        return ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`subject`: the ARN or the name of the target. Alarms with the same kind, subject and number
    share a plan. `seconds`: the length of a period during the act. `why`: why there is no real
    cause."""

    kind: Kind
    subject: str = ""
    act: int = LOAD
    seconds: float = QUICK
    number: float = 0.0
    why: str = ""

    @property
    def is_real(self) -> bool:
        """Whether it happens, and is measured."""
        return self.kind not in ("records", "injected", "none")


def is_called(service: Service, name: str) -> bool:
    """Whether this is the service's name, or the end of it after a hyphen."""
    return service.name == name or service.name.endswith(f"-{name}")


def in_last_act(plan: Plan) -> Plan:
    """The same, after everything else."""
    return replace(plan, act=LAST)
