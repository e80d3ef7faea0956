"""The result of a request, and the reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from bonkei.services.edge.http.firewall import Verdict

Layer = Literal["request", "cloudfront", "web_acl", "load_balancer", "service_connect", "target"]
Decider = Literal["parser", "cloudfront", "cache", "web_acl", "load_balancer", "network", "target"]


@dataclass(frozen=True, slots=True)
class Place:
    """The definition behind a step: a resource, one of its arguments, and a text on the argument's
    line."""

    address: str = ""
    attribute: str = ""
    text: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Considered:
    """An examined alternative. `outcome`: chosen | passed over | counted | not asked | not
    evaluated."""

    name: str
    outcome: str
    why: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is one of a few: request, host, behavior, web_acl, cache_key, cache, origin, rule,
    action, target_group, target, error_page."""

    layer: Layer
    name: str
    text: str
    place: Place = NOWHERE
    considered: tuple[Considered, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected content of the request's access record.

    `status`: 0 if the target decides. `cache_result`: Hit, Error or empty, if the cache alone
    decides. `targets`: the ids of tasks, the next one first; `is_chance`: any of them. `replaces`:
    the status of the error that a page replaces.
    """

    by: Decider = "target"
    status: int = 0
    behavior: str = ""
    cache_result: str = ""
    verdicts: tuple[Verdict, ...] = ()
    blocked_by: str = ""
    rule: str = ""
    target_group_arn: str = ""
    targets: tuple[str, ...] = ()
    is_chance: bool = False
    redirect_url: str = ""
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    steps: tuple[Step, ...]
    expected: Expected

    def after(self, *steps: Step) -> Explanation:
        """The same, behind these steps."""
        return replace(self, steps=(*steps, *self.steps))

    def but(self, **changes: Any) -> Explanation:
        """The same with another expectation."""
        return replace(self, expected=replace(self.expected, **changes))


def told(*steps: Step, **expected: Any) -> Explanation:
    """An end."""
    return Explanation(steps, Expected(**expected))
