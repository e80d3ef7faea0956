"""Which steps to take: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bonkei.services.endpoint.provision.step import Call, Step, Thing

_PHASES = {
    "alias": "key",
    "queue-attributes": "queues",
    "queue-policy": "queues",
    "queue-tags": "queues",
}
"""Kinds whose phase is not the first word of their name. A queue's settings name other queues, so
all queues must exist first."""


@dataclass(frozen=True, slots=True)
class Work:
    """Steps for one thing; `subject` is its address in the definitions, or its name. Work of one
    `phase` may run at the same time, except for the same subject."""

    subject: str
    region: str
    steps: tuple[Step, ...]
    removes: bool = False
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """An existing thing: its definition's fingerprint, and the steps to remove it."""

    fingerprint: str
    region: str
    end: tuple[Call, ...]
    identity: str = ""


def has_made(things: Sequence[Thing], made: Mapping[str, Made]) -> bool:
    """Whether exactly these things exist, as they are declared now."""
    return {thing.id: thing.fingerprint for thing in things} == {
        name: before.fingerprint for name, before in made.items()
    }


def reconcile(things: Sequence[Thing], made: Mapping[str, Made]) -> tuple[Work, ...]:
    """All wanted things are ensured each time, because the store may have lost its last changes.
    Things that are no longer wanted are removed at the end."""
    wanted = {thing.id for thing in things}
    work = []
    for thing in things:
        before = made.get(thing.id)
        work.append(Work(thing.address, thing.region, _steps(thing, before), phase=_phase(thing)))
    work += [
        Work(name, before.region, before.end, removes=True)
        for name, before in reversed(list(made.items()))
        if name not in wanted and before.end
    ]
    return tuple(work)


def _phase(thing: Thing) -> str:
    return _PHASES.get(thing.kind) or thing.kind.partition("-")[0]


def _steps(thing: Thing, before: Made | None) -> tuple[Step, ...]:
    if before is None:
        return thing.steps
    if before.fingerprint == thing.fingerprint:
        return () if thing.once else thing.steps
    other = before.identity != thing.identity and bool(before.identity)
    end = before.end if thing.anew or other else ()
    return (*end, *thing.steps, *thing.changes)
