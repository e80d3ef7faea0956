"""Whether a fault may begin, which targets it has, and how long it lasts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.targets import find_target
from bonkei.services.faults.values import KINDS, Ask, Estate, Fault, Kind, Target, TaskThing, What

USUAL = 30.0
"""Seconds of a fault without a given length."""
SHORTEST, LONGEST = 1.0, 3600.0
MOST = 32
"""Faults at the same time."""
USUAL_LATENCY, LONGEST_LATENCY = 0.5, 60.0
MOST_BYTES = 2**30
"""The most bytes of one filling of memory or disk."""

_WHATS: dict[str, tuple[What, ...]] = {
    "task": ("memory", "disk", "processor"),
    "service": ("memory", "disk", "processor"),
    "target-group": ("memory", "disk", "processor"),
    "database": ("connections",),
}
_NEVER: dict[tuple[Kind, str], str] = {
    ("kill", "aws"): "a service of AWS cannot be killed: refuse or freeze it",
    ("fill", "aws"): "a service of AWS cannot be filled: refuse it with --error throttle",
    ("fill", "zone"): "a zone cannot be filled: fill a service",
}


def possible(target: Target) -> tuple[Kind, ...]:
    """The kinds of fault that can hit it."""
    return tuple(kind for kind in KINDS if (kind, target.kind) not in _NEVER)


def begin(
    ask: Ask, estate: Estate, active: Iterable[Fault], now: float, unix: float, new_id: str
) -> Fault:
    """The fault that has begun. FaultError says why it cannot begin, and names the
    possibilities."""
    target = find_target(ask.target, estate)
    active = tuple(active)
    _require_sense(ask, target)
    tasks = _found(ask, target, estate)
    _require_reach(ask, target, estate)
    seconds, lasts = _length(ask, target)
    what = _what(ask, target)
    fault = Fault(
        new_id, ask.kind, target, now, now + seconds, unix,
        frozenset(task.id for task in tasks), ask.percent,
        _latency(ask) if ask.kind == "slow" else 0.0,
        ask.jitter,
        ask.refusal or "internal",
        what,
        _size(ask, what),
        lasts,
    )  # fmt: skip
    _require_capacity(fault, active, now)
    return fault


def _require_sense(ask: Ask, target: Target) -> None:
    if why := _NEVER.get((ask.kind, target.kind)):
        raise FaultError(f"{target}: {why.partition(': ')[0]}", remedy=why.partition(": ")[2])
    if not 1 <= ask.percent <= 100:
        raise FaultError(f"{ask.percent} % is not from 1 to 100")
    several = target.kind in ("service", "target-group", "aws")
    if ask.percent != 100 and not several:
        raise FaultError(f"{target} is one thing: --percent is for services, target groups and AWS")
    if ask.percent != 100 and target.kind == "target-group" and ask.kind in ("slow", "refuse"):
        raise FaultError(
            "a target group's way is disturbed for all of its targets",
            remedy="hit a part of the service's tasks instead: service:NAME with --percent",
        )
    for given, kind, name in (
        (ask.latency, "slow", "--latency"),
        (ask.jitter or None, "slow", "--jitter"),
        (ask.refusal, "refuse", "--error"),
        (ask.what, "fill", "--what"),
        (ask.size, "fill", "--size"),
    ):
        if given is not None and ask.kind != kind:
            raise FaultError(f"{name} is for {kind}, not for {ask.kind}")
    if ask.refusal is not None and target.kind != "aws":
        raise FaultError(
            f"{target} refuses connections, and has no words for it",
            remedy="--error is for services of AWS, such as aws:s3",
        )


def _found(ask: Ask, target: Target, estate: Estate) -> tuple[TaskThing, ...]:
    """The target's current tasks. `percent` selects the first of them, and at least one. FIS's
    selection mode PERCENT rounds down, and may select none."""
    tasks = tuple(task for task in tasks_of(target, estate) if task.serves)
    if target.kind in ("service", "target-group") and not tasks:
        raise FaultError(f"no task of {target} runs now", remedy="see `bonkei status`")
    if target.kind in ("service", "target-group"):
        tasks = tasks[: max(1, math.floor(len(tasks) * ask.percent / 100))]
    return tasks


def tasks_of(target: Target, estate: Estate) -> tuple[TaskThing, ...]:
    """The target's tasks, in the estate's order."""
    match target.kind:
        case "task":
            return tuple(task for task in estate.tasks if task.id == target.name)
        case "service":
            return tuple(task for task in estate.tasks if task.service == target.name)
        case "target-group":
            arns = {arn for arn, name in estate.groups.items() if name == target.name}
            return tuple(task for task in estate.tasks if arns & {*task.groups})
        case "zone":
            return tuple(task for task in estate.tasks if task.zone == target.name)
        case _:
            return ()


def _require_reach(ask: Ask, target: Target, estate: Estate) -> None:
    """Raises FaultError if the database cannot be hit by this kind of fault here."""
    if target.kind != "database":
        return
    database = next(one for one in estate.databases if one.name == target.name)
    if ask.kind in ("slow", "refuse") and not database.gated:
        raise FaultError(f"the way to {database.name} cannot be disturbed: {database.why_not}")
    if ask.kind == "kill" and ask.seconds is not None and not database.gated:
        raise FaultError(
            f"{database.name} cannot be kept away: {database.why_not}",
            remedy="kill it without --for: it starts again at once",
        )
    if ask.kind in ("kill", "freeze", "fill") and not database.runs_here:
        raise FaultError(
            f"the server of {database.name} is not the miniature's own, so it is left alone",
            remedy="its way can be disturbed: slow, refuse",
        )


def _length(ask: Ask, target: Target) -> tuple[float, bool]:
    """A kill without a time takes no time, except in a zone: the zone's power is off for a
    while."""
    if ask.seconds is None:
        is_moment = ask.kind == "kill" and target.kind != "zone"
        return (0.0, False) if is_moment else (USUAL, True)
    if not SHORTEST <= ask.seconds <= LONGEST:
        raise FaultError(
            f"a fault lasts from {SHORTEST:.0f} s to {LONGEST:.0f} s, not {ask.seconds:g} s",
            remedy="write --for 30s, --for 5m or --for 1h",
        )
    return ask.seconds, True


def _latency(ask: Ask) -> float:
    latency = USUAL_LATENCY if ask.latency is None else ask.latency
    if not 0 < latency <= LONGEST_LATENCY or not 0 <= ask.jitter <= latency:
        raise FaultError(
            f"a latency is more than 0 and at most {LONGEST_LATENCY:.0f} s, and its jitter no more"
            " than itself",
            remedy="write --latency 500ms --jitter 100ms",
        )
    return latency


def _what(ask: Ask, target: Target) -> What | None:
    if ask.kind != "fill":
        return None
    possible = _WHATS[target.kind]
    what = ask.what or possible[0]
    if what not in possible:
        why = " (Aurora's volume grows by itself)" if target.kind == "database" else ""
        raise FaultError(
            f"{target} cannot be filled with {what}{why}",
            remedy=f"--what {' or '.join(possible)}",
        )
    return what


def _size(ask: Ask, what: What | None) -> float:
    """A share up to 1, or bytes."""
    if what is None:
        return 0.0
    if ask.size is None:
        return 64 * 2.0**20 if what == "disk" else 0.9
    if what == "connections":
        raise FaultError("all connections are taken, or none", remedy="leave out --size")
    if what == "processor" and ask.size > 1:
        raise FaultError("a processor is filled by a share", remedy="--size 90%")
    if what == "disk" and ask.size <= 1:
        raise FaultError("a disk is filled by a size", remedy="--size 256MB")
    if not 0 < ask.size <= MOST_BYTES:
        raise FaultError(
            f"at most {MOST_BYTES // 2**20} MiB are filled", remedy="write --size 80% or 256MB"
        )
    return ask.size


def _require_capacity(fault: Fault, active: Sequence[Fault], now: float) -> None:
    """The same fault twice would only hide its end. Different faults add up (`effects`)."""
    for other in active:
        same = (other.kind, other.target, other.what) == (fault.kind, fault.target, fault.what)
        if same and other.lasts and fault.lasts:
            raise FaultError(
                f"{other.id} does that already, for {other.ends - now:.0f} s more: {other.words}",
                remedy=f"end it first: bonkei fault end {other.id}",
            )
    if len(active) >= MOST:
        raise FaultError(f"{MOST} faults last already", remedy="bonkei fault end --all")
