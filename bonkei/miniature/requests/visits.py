"""What visitors ask for, and what they got (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bonkei.analysis.network.origins import origin_balancer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import (
    Action,
    Forward,
    HttpRequestMethod,
    Listener,
    ListenerRule,
    PathPattern,
    Redirect,
)
from bonkei.services.edge.http.pattern import matcher
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.faults.drill.latency import add, percentile
from bonkei.services.faults.drill.report import Second

_ONE = "1"  # for a wildcard inside a path, which is a version or an id more often than not


@dataclass(frozen=True, slots=True)
class _Door:
    """`behind`: the load balancers' listeners that get its requests. `is_usual`: visitors use
    it."""

    url: str
    behind: tuple[Listener, ...]
    is_usual: bool


def addresses(
    blueprint: Blueprint, listeners: Iterable[ListenerState], paths: Sequence[str] = ()
) -> tuple[str, ...]:
    """The URLs of `paths`, or else of `/` and of what the listeners' rules and health checks name.

    Visitors come through the distributions, and to the load balancers that are behind none. They
    use an internal one, and a listener that only redirects, where there is nothing else.
    """
    doors = list(_doors(blueprint, {one.address: one.url for one in listeners}))
    groups = [one for one in blueprint.target_groups if one.protocol_version != "GRPC"]
    checks = {one.arn: one.health_check.path for one in groups if one.health_check.enabled}
    found = (
        door.url + path
        for door in [one for one in doors if one.is_usual] or doors
        for path in paths or ("/", *(each for one in door.behind for each in _paths(one, checks)))
    )
    return tuple(dict.fromkeys(found))


def _doors(blueprint: Blueprint, urls: Mapping[str, str]) -> Iterator[_Door]:
    fronted = set()
    for distribution in blueprint.distributions:
        if distribution.address in urls:
            every = (origin_balancer(blueprint, distribution, one) for one in distribution.origins)
            led = [one for one in every if one is not None]
            fronted |= {balancer.arn for balancer, _ in led}
            yield _Door(urls[distribution.address], tuple(one for _, one in led), is_usual=True)
    for balancer in blueprint.load_balancers:
        for one in balancer.listeners:
            if one.address in urls and balancer.arn not in fronted:
                redirects = isinstance(one.default_action, Redirect) and not one.rules
                yield _Door(urls[one.address], (one,), not balancer.internal and not redirects)


def _paths(listener: Listener, checks: Mapping[str, str]) -> Iterator[str]:
    for rule in listener.rules:
        if all(
            "GET" in one.values for one in rule.conditions if isinstance(one, HttpRequestMethod)
        ):
            yield from _of_rule(rule, _checked(rule.action, checks))
    yield from _checked(listener.default_action, checks)


def _of_rule(rule: ListenerRule, checked: Sequence[str]) -> Iterator[str]:
    """A path for each pattern: that of the target's health check, or else an example."""
    for condition in rule.conditions:
        for pattern in condition.values if isinstance(condition, PathPattern) else ():
            covers = matcher(pattern)
            example = pattern.rstrip("*").replace("*", _ONE).replace("?", _ONE)
            found = [one for one in checked if covers(one.encode())] or [example]
            yield from (one for one in found if one.startswith("/"))


def _checked(action: Action, checks: Mapping[str, str]) -> list[str]:
    arns = [one.target_group_arn for one in action.targets] if isinstance(action, Forward) else []
    return [checks[arn] for arn in arns if arn in checks]


def together(one: Second, other: Second) -> Second:
    """Both, with the later number."""
    return Second(
        max(one.number, other.number),
        one.sent + other.sent,
        Counter(one.answers) + Counter(other.answers),
        Counter(one.failed) + Counter(other.failed),
        add((one.latency, other.latency)),
    )


def summary(total: Second) -> dict[str, Any]:
    """The members that `bonkei load --json` prints. Milliseconds are of answers below 400."""
    median, p95 = (percentile(total.latency, percent) for percent in (50, 95))
    return {
        "sent": total.sent,
        "answers": dict(total.answers),
        "unanswered": {why: n for why, n in total.failed.items() if why not in total.answers},
        "median_ms": None if median is None else round(median, 1),
        "p95_ms": None if p95 is None else round(p95, 1),
    }


def line(found: Mapping[str, Any]) -> str:
    """A summary for people: `12 sent: 2xx 11, 4xx 1; median 8 ms, p95 20 ms`."""
    classes: Counter[str] = Counter()
    for status, count in found["answers"].items():
        classes[f"{status[0]}xx"] += count
    counts = (*sorted(classes.items()), *sorted(found["unanswered"].items()))
    words = f"{found['sent']} sent"
    if counts:
        words += ": " + ", ".join(f"{name} {count}" for name, count in counts)
    if found["median_ms"] is not None:
        words += f"; median {found['median_ms']:.0f} ms, p95 {found['p95_ms']:.0f} ms"
    return words
