"""Permissions: denied calls with reasons, used and granted permissions, and any question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.analysis.policy.grants import Grant, grants
from bonkei.analysis.policy.managed import managed_statements
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.config import Enforce
from bonkei.definitions.sources import Sources
from bonkei.services.console import Console, ConsoleError, Json
from bonkei.services.console.views import denials
from bonkei.services.console.views.inert import label, visible
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.permission.explaining import Explanation
from bonkei.services.endpoint.permission.ledger import read_denials
from bonkei.services.endpoint.permission.services import OBSERVED

_DENIED = 200
_ROLES = 500
_GRANTS = 1_000
_NAMED = 20
_FRESH = 10.0  # seconds for which a place in the definitions stays valid


@dataclass(frozen=True, slots=True)
class PermissionSources:
    """Places are looked up in `definitions`, and shown relative to `root`."""

    blueprint: Callable[[], Blueprint]
    cloud: Callable[[], Cloud]
    enforce: Enforce
    definitions: Path
    root: Path


def offer_permissions(console: Console, sources: PermissionSources) -> None:
    """The topics `permissions`, `permissions.role` and `permissions.ask`."""
    book = _Denials()
    places = Places(sources.definitions, sources.root, lambda: sources.blueprint().written_policies)
    summaries = _Summaries()

    async def permissions(_: Mapping[str, str]) -> Json:
        cloud, blueprint = sources.cloud(), sources.blueprint()
        found = await asyncio.to_thread(book.of, cloud.ledger.denied_file)
        shown = await asyncio.to_thread(_denied, found[:_DENIED], places)
        return {
            "enforce": sources.enforce,
            "denied": shown,
            "more": max(0, len(found) - _DENIED),
            "roles": _roles(blueprint, cloud, found, summaries),
            "undecided": [label(each) for each in cloud.undecided],
        }

    async def role(query: Mapping[str, str]) -> Json:
        found = _find(sources.blueprint(), query.get("role", ""))
        return await asyncio.to_thread(one_role, found, sources.cloud(), places)

    async def ask(query: Mapping[str, str]) -> Json:
        found = _find(sources.blueprint(), query.get("role", ""))
        action, resource = query.get("action", "").strip(), query.get("resource", "").strip()
        context = condition_keys(query.get("context", ""))
        answer = sources.cloud().asks.explain(found.arn, action, resource or "*", context)
        if answer is None:
            raise ConsoleError("there are no definitions yet", remedy="wait for the start")
        return await asyncio.to_thread(explanation_json, answer, places)

    console.topics({"permissions": permissions, "permissions.role": role, "permissions.ask": ask})


def one_role(role: Role, cloud: Cloud, places: Places) -> Json:
    """For `permissions.role`: every grant, and its use since the home was created."""
    counts = cloud.ledger.counts()
    found = _grants(role, cloud)
    return {
        **_named(role),
        "place": places.of(role.address),
        "boundary": role.permissions_boundary,
        "trust": [statement_json(each, places) for each in role.trust[:50]],
        "grants": [_grant(each, places) for each in found[:_GRANTS]],
        "more": max(0, len(found) - _GRANTS),
        "counts": sorted(
            ([action, count] for (arn, action), count in counts.items() if arn == role.arn),
            key=lambda each: (-int(str(each[1])), str(each[0])),
        )[:200],
    }


def explanation_json(answer: Explanation, places: Places) -> Json:
    """Of `permissions.ask`."""
    decides = answer.statement
    return {
        "allowed": answer.is_allowed and not answer.unknown,
        "unknown": list(answer.unknown),
        "explicit": decides is not None and not answer.is_allowed,
        "reason": answer.reason,
        "message": visible(answer.message),
        "statement": statement_json(decides, places) if decides is not None else None,
        "near": [statement_json(each, places) for each in answer.near[:_NAMED]],
        "looked_at": [places.of(each) for each in answer.looked_at[:100]],
        "absent_keys": list(answer.absent_keys),
    }


def statement_json(statement: PolicyStatement, places: Places) -> Json:
    """In the form of a policy document, with its place."""
    lists: Mapping[str, Iterable[str]] = {
        "actions": statement.actions,
        "not_actions": statement.not_actions,
        "resources": statement.resources,
        "not_resources": statement.not_resources,
        "principals": [f"{kind}: {value}" for kind, value in statement.principals],
        "not_principals": [f"{kind}: {value}" for kind, value in statement.not_principals],
        "conditions": [" ".join(each) for each in statement.conditions],
    }
    return {
        "effect": statement.effect,
        "sid": label(statement.sid),
        "place": places.of(statement.address, statement.sid),
        **{name: [label(each) for each in values] for name, values in lists.items() if values},
    }


class Places:
    """File and line of addresses, as found by `bonkei check`. They are read again from time to
    time. `written`: the resources whose policy is written in a data source, with its address."""

    def __init__(
        self, definitions: Path, root: Path, written: Callable[[], Mapping[str, str]]
    ) -> None:
        self._definitions = definitions
        self._root = root
        self._written = written
        self._files: Sources | None = None
        self._read = 0.0

    def of(self, address: str, sid: str = "") -> dict[str, Json]:
        """`file` relative to the project, `line` from 1; empty and 0 where it is not in a file:
        AWS's own policies, and what CloudFormation has made. `sid`: of a policy's statement."""
        now = time.monotonic()
        if self._files is None or now - self._read > _FRESH:
            self._files, self._read = Sources(self._definitions), now
        try:
            where = self._written().get(address, address)
            place = self._files.place(where, text=sid) if address else None
        except (OSError, ValueError):  # a file that is being written
            place = None
        if place is None:
            return {"address": label(address), "file": "", "line": 0}
        file = place.file
        shown = file.relative_to(self._root) if file.is_relative_to(self._root) else file
        return {"address": label(address), "file": str(shown), "line": place.line}


@dataclass(slots=True)
class _Denials:
    """The groups of a file. The file is read again only if it has changed."""

    seen: tuple[int, int] = (0, 0)
    groups: list[denials.DeniedCalls] = field(default_factory=list)

    def of(self, file: Path) -> list[denials.DeniedCalls]:
        try:
            found = file.stat()
        except OSError:
            return []
        state = (found.st_size, found.st_mtime_ns)
        if state != self.seen:
            self.groups, self.seen = denials.together(read_denials(file)), state
        return self.groups


def _denied(found: Iterable[denials.DeniedCalls], places: Places) -> list[Json]:
    return [_denial(each, places) for each in found]


def _denial(group: denials.DeniedCalls, places: Places) -> Json:
    last = group.last
    return {
        "who": label(denials.who(last)),
        "role": label(str(last["role"])),
        "caller": label(str(last["caller"])),
        "action": label(str(last["action"])),
        "resource": label(str(last["resource"])),
        "why": visible(denials.why(last), 2_000),
        "message": visible(str(last["message"]), 2_000),
        "network": last["reason"] == "network",
        "enforced": bool(last["enforced"]),
        "places": [places.of(*each) for each in denials.looked_at(last)[:_NAMED]],
        "absent_keys": [label(str(each)) for each in last["absent_keys"]],
        "would_allow": label(denials.would_allow(last), 2_000),
        "count": group.count,
        "first": group.first,
        "last": float(last["time"]),
    }


class _Summaries:
    """How many of each role's grants are used. They are counted from time to time, because this
    takes a while."""

    def __init__(self) -> None:
        self._of: Blueprint | None = None
        self._counted = 0.0
        self._found: dict[str, dict[str, Json]] = {}

    def of(self, blueprint: Blueprint, cloud: Cloud) -> Mapping[str, dict[str, Json]]:
        now = time.monotonic()
        if self._of is not blueprint or now - self._counted > _FRESH:
            roles = blueprint.roles[:_ROLES]
            self._found = {role.arn: _summary(_grants(role, cloud)) for role in roles}
            self._of, self._counted = blueprint, now
        return self._found


def _roles(
    blueprint: Blueprint,
    cloud: Cloud,
    found: Iterable[denials.DeniedCalls],
    summaries: _Summaries,
) -> list[Json]:
    denied: dict[str, int] = {}
    for group in found:
        arn = str(group.last["role"])
        denied[arn] = denied.get(arn, 0) + group.count
    calls: dict[str, int] = {}
    for (arn, _), count in cloud.ledger.counts().items():
        calls[arn] = calls.get(arn, 0) + count
    counted = summaries.of(blueprint, cloud)
    return [
        {
            **_named(role),
            **counted[role.arn],
            "denied": denied.get(role.arn, 0),
            "calls": calls.get(role.arn, 0),
        }
        for role in blueprint.roles[:_ROLES]
    ]


def _summary(found: Iterable[Grant]) -> dict[str, Json]:
    every = list(found)
    return {
        "grants": len(every),
        "used": sum(bool(each.used) for each in every),
        "unused": sum(each.is_observed and not each.used for each in every),
        "unseen": sum(not each.is_observed and not each.used for each in every),
    }


def _grants(role: Role, cloud: Cloud) -> tuple[Grant, ...]:
    statements = (*role.statements, *managed_statements(role))
    return grants(statements, cloud.ledger.used().get(role.arn, {}), OBSERVED)


def _grant(grant: Grant, places: Places) -> Json:
    return {
        "action": label(grant.action),
        "resources": [label(each) for each in grant.resources[:50]],
        "place": places.of(grant.address),
        "used": [[action, label(resource)] for action, resource in grant.used[:_NAMED]],
        "more": max(0, len(grant.used) - _NAMED),
        "observed": grant.is_observed,
    }


def _named(role: Role) -> dict[str, Json]:
    return {"name": role.name, "arn": role.arn, "address": role.address}


def _find(blueprint: Blueprint, wanted: str) -> Role:
    for role in blueprint.roles:
        if wanted and wanted in (role.arn, role.name):
            return role
    known = ", ".join(role.name for role in blueprint.roles[:_NAMED]) or "none"
    raise ConsoleError(
        f"the definitions have no role {label(wanted)}", remedy=f"there are: {known}"
    )


def condition_keys(text: str) -> dict[str, tuple[str, ...]]:
    """Condition keys: `aws:SourceIp=10.0.0.1`, one on each line. A key may be repeated."""
    found: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals or not key.strip() or len(found) > 50:
            raise ConsoleError(
                f"{label(line)!r} is not a condition key with its value",
                remedy="write one a line, such as aws:SourceIp=10.0.0.1",
            )
        name = key.strip().lower()
        found[name] = (*found.get(name, ()), value.strip())
    return found
