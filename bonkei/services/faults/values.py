"""A fault, the possible targets, and the state that faults require. Times in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal["kill", "freeze", "slow", "refuse", "fill"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TargetKind = Literal["task", "service", "target-group", "database", "aws", "zone"]
TARGET_KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
What = Literal["memory", "disk", "processor", "connections"]
WHATS: tuple[What, ...] = get_args(What)
Refusal = Literal["internal", "throttle", "unavailable"]
REFUSALS: tuple[Refusal, ...] = get_args(Refusal)


@dataclass(frozen=True, slots=True)
class Target:
    """`name`: a task's id, the whole name of a service, a target group, a cluster or a zone, or
    `SERVICE` or `SERVICE:OPERATION` of AWS."""

    kind: TargetKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Ask:
    """The fault that a person asks for. `seconds`: None takes the usual length of the kind.
    `percent`: of a target's tasks, or of the calls of an AWS service. `latency` and `jitter` belong
    to `slow`, `refusal` to an AWS service. `what` and `size` belong to `fill`: a size is in bytes,
    or a share from 0 to 1 of the task's reservation; None takes the usual ones."""

    kind: Kind
    target: str
    seconds: float | None = None
    percent: int = 100
    latency: float | None = None
    jitter: float = 0.0
    refusal: Refusal | None = None
    what: What | None = None
    size: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A current fault. `tasks`: those found at its begin. `begun`, `ends`: by a clock that never
    jumps. `at`: Unix time of its begin."""

    id: str
    kind: Kind
    target: Target
    begun: float
    ends: float
    at: float
    tasks: frozenset[str] = frozenset()
    percent: int = 100
    latency: float = 0.0
    jitter: float = 0.0
    refusal: Refusal = "internal"
    what: What | None = None
    size: float = 0.0
    lasts: bool = True  # else it is a moment, and over

    @property
    def words(self) -> str:
        """The fault in words, such as `slow target-group:web 500 ms`."""
        more = {
            "slow": f" {self.latency * 1000:.0f} ms"
            + (f" ± {self.jitter * 1000:.0f} ms" if self.jitter else ""),
            "fill": f" {self.what} {_size(self.what, self.size)}",
            "refuse": f" {self.refusal}" if self.target.kind == "aws" else "",
        }.get(self.kind, "")
        share = f", {self.percent} %" if self.percent != 100 else ""
        return f"{self.kind} {self.target}{more}{share}"


def _size(what: What | None, size: float) -> str:
    if what == "connections":
        return "all"
    return f"{size * 100:.0f} %" if size <= 1 else f"{size / 2**20:.0f} MiB"


# The possible targets.


@dataclass(frozen=True, slots=True)
class TaskThing:
    """A running task. `groups`: the ARNs of the target groups it is registered with. `zone`: its
    zone, or empty. `serves`: it has not been asked to stop."""

    id: str
    service: str
    groups: tuple[str, ...] = ()
    zone: str = ""
    serves: bool = True


@dataclass(frozen=True, slots=True)
class DatabaseThing:
    """A cluster. `zones`: those of its instances, the writer's first; empty: unknown. `gated`:
    every task's way to it can be disturbed. Otherwise `why_not` gives the reason. `runs_here`: its
    server is a process of this machine."""

    name: str
    zones: tuple[str, ...] = ()
    gated: bool = True
    runs_here: bool = True
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Estate:
    """All possible targets now. `services`: name -> the zones of its tasks. `groups`: ARN -> name.
    `aws`: the services that the endpoint answers. `zones`: all zones of the definitions."""

    tasks: tuple[TaskThing, ...] = ()
    services: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    databases: tuple[DatabaseThing, ...] = ()
    aws: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


# The state that faults require.


@dataclass(frozen=True, slots=True)
class Trouble:
    """The trouble on a way. If it is refused, nothing passes. Otherwise each answer comes `latency`
    ± `jitter` later."""

    latency: float = 0.0
    jitter: float = 0.0
    refused: bool = False

    def __or__(self, other: Trouble) -> Trouble:
        """The trouble of both at once: the worse of each."""
        return Trouble(
            max(self.latency, other.latency),
            max(self.jitter, other.jitter),
            self.refused or other.refused,
        )


@dataclass(frozen=True, slots=True)
class CallRule:
    """A rule for calls to AWS. `operation` empty: all operations of the service. `silent`: no
    answer comes."""

    service: str
    operation: str = ""
    percent: int = 100
    refusal: Refusal | None = None
    latency: float = 0.0
    jitter: float = 0.0
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills a task, or a database in the case of connections."""

    fault: str
    name: str
    what: What
    size: float


@dataclass(frozen=True, slots=True)
class Effects:
    """`tasks`, `groups`: ways to tasks, by the task's id, and by (target group's ARN, task's id).
    `databases`: ways to clusters. `frozen_tasks`, `frozen_databases`: suspended processes.
    `kill_tasks`, `kill_databases`: (fault's id, name), each done once. `shut`: zones in which
    nothing starts. `cut`: zones that no packet leaves or enters. `frozen_until`: when the last
    freeze ends, by the clock of the faults."""

    tasks: Mapping[str, Trouble] = field(default_factory=dict)
    groups: Mapping[tuple[str, str], Trouble] = field(default_factory=dict)
    databases: Mapping[str, Trouble] = field(default_factory=dict)
    frozen_tasks: frozenset[str] = frozenset()
    frozen_databases: frozenset[str] = frozenset()
    kill_tasks: frozenset[tuple[str, str]] = frozenset()
    kill_databases: frozenset[tuple[str, str]] = frozenset()
    calls: tuple[CallRule, ...] = ()
    fillings: tuple[Filling, ...] = ()
    shut: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    frozen_until: float = 0.0


# For people.


@dataclass(frozen=True, slots=True)
class FaultState:
    """A fault that lasts, or that has ended (`left` 0). `ended`: why, or empty."""

    id: str
    words: str
    kind: str
    target: str
    at: float
    seconds: float
    left: float
    touches: tuple[str, ...] = ()
    ended: str = ""


@dataclass(frozen=True, slots=True)
class FaultsSnapshot:
    """`active`: the current faults. `past`: the last ended ones, newest first."""

    active: tuple[FaultState, ...] = ()
    past: tuple[FaultState, ...] = ()
