"""Turns the text that a person writes into the target: `service:web`, `web`, `zone:eu-west-1a`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.values import TARGET_KINDS, Estate, Target, TargetKind

_SHORTEST_ID = 4  # characters of a task's id
_SHOWN = 24
_BARE: tuple[TargetKind, ...] = ("service", "task", "target-group", "database", "zone")
"""The order of the kinds in which a word without a kind is looked up."""


def find_target(text: str, estate: Estate) -> Target:
    """FaultError names the existing targets, or those that the text may mean."""
    kind, colon, name = text.partition(":")
    if colon and kind in TARGET_KINDS:
        return _of_kind(kind, name, text, estate)
    if text == "database":
        return _of_kind("database", "", text, estate)
    for each in _BARE:
        if found := _matches(each, text, estate):
            return _one(each, found, text)
    raise _unknown(text, estate)


def every_target(estate: Estate) -> tuple[Target, ...]:
    """All targets, in the order in which they are listed."""
    return tuple(
        Target(kind, name) for kind in TARGET_KINDS for name in sorted(_names(kind, estate))
    )


def about(target: Target, estate: Estate) -> str:
    """The facts about a target that a person should know."""
    match target.kind:
        case "task":
            task = next(one for one in estate.tasks if one.id == target.name)
            return " in ".join(each for each in (task.service, task.zone) if each)
        case "service":
            return _count(sum(task.service == target.name for task in estate.tasks))
        case "target-group":
            arns = {arn for arn, name in estate.groups.items() if name == target.name}
            return _count(sum(bool(arns & {*task.groups}) for task in estate.tasks))
        case "database":
            database = next(one for one in estate.databases if one.name == target.name)
            return " in ".join(("writer", database.zones[0])) if database.zones else ""
        case "zone":
            names = [one.name for one in estate.databases if target.name in one.zones[:1]]
            tasks = _count(sum(task.zone == target.name for task in estate.tasks))
            return ", ".join((tasks, *names))
        case "aws":
            return ""


def _count(tasks: int) -> str:
    return f"{tasks} task{'s' * (tasks != 1)}"


def _of_kind(kind: TargetKind, name: str, text: str, estate: Estate) -> Target:
    if kind == "aws":
        return _of_aws(name, text, estate)
    names = _names(kind, estate)
    found = _matches(kind, name, estate) if name else list(names)
    if not found:
        raise _unknown(text, estate, kind)
    return _one(kind, found, text)


def _of_aws(name: str, text: str, estate: Estate) -> Target:
    service, _, operation = name.partition(":")
    if service not in estate.aws:
        raise _unknown(text, estate, "aws")
    if operation and not operation.isalnum():
        raise FaultError(
            f"{operation!r} is not an operation of {service}",
            remedy="write it as AWS's API does, such as aws:s3:GetObject",
        )
    return Target("aws", f"{service}:{operation}" if operation else service)


def _one(kind: TargetKind, found: list[str], text: str) -> Target:
    if len(found) == 1:
        return Target(kind, found[0])
    shown = ", ".join(f"{kind}:{name}" for name in sorted(found)[:_SHOWN])
    raise FaultError(f"`{text}` may be one of {shown}", remedy="write more of it")


def _names(kind: TargetKind, estate: Estate) -> tuple[str, ...]:
    match kind:
        case "task":
            return tuple(task.id for task in estate.tasks)
        case "service":
            return tuple(estate.services)
        case "target-group":
            return tuple(dict.fromkeys(estate.groups.values()))
        case "database":
            return tuple(database.name for database in estate.databases)
        case "aws":
            return estate.aws
        case "zone":
            return estate.zones


def _matches(kind: TargetKind, text: str, estate: Estate) -> list[str]:
    """The names that match: the whole name, or else the end of it after `-`; for a task, the
    beginning of its id."""
    names = _names(kind, estate)
    if text in names:
        return [text]
    if kind == "task":
        return [n for n in names if len(text) >= _SHORTEST_ID and n.startswith(text)]
    if kind == "zone":  # `a` for eu-west-1a
        return [name for name in names if name.endswith(text) and text.isalnum()]
    return [name for name in names if name.endswith(f"-{text}")]


def _unknown(text: str, estate: Estate, kind: TargetKind | None = None) -> FaultError:
    every = [one for one in every_target(estate) if kind in (None, one.kind)]
    names = [_shown(one) for one in every]
    if not names:
        what = f"there is no {kind} to hit" if kind else "there is nothing to hit"
        return FaultError(what, remedy="see the running parts with `bonkei status`")
    close = get_close_matches(text, [*names, *(one.name for one in every)], 1, 0.6)
    first = f"did you mean {close[0]}? " if close else ""
    return FaultError(f"there is no target {text}", remedy=f"{first}There are: {_list(names)}")


def _shown(target: Target) -> str:
    return f"task:{target.name[:8]}" if target.kind == "task" else str(target)


def _list(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
