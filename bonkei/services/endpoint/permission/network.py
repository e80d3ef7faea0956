"""The route of a call through the caller's network: whether the connection would time out on AWS,
the endpoint policy on the route, and the condition keys about the call's origin.

"AWS global condition context keys": a request through an endpoint has aws:VpcSourceIp and
aws:SourceVpce. Any other request has aws:SourceIp.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.ways import Way, way_to_aws
from bonkei.analysis.policy import Policy
from bonkei.base.aws_service import Caller
from bonkei.base.clocks import has_passed
from bonkei.blueprint import Blueprint
from bonkei.config import Enforce
from bonkei.services.endpoint.permission.ledger import Denial, Ledger

_SAID_AGAIN = 60.0  # seconds after which the same obstacle is reported again


@dataclass(frozen=True, slots=True)
class Via:
    """`obstacle`: why the connection would time out; empty if it is open, or not enforced.
    `context`: the condition keys of the route. `policy`: the endpoint's own, if it has one.
    `endpoint`: its Terraform address."""

    obstacle: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policy: Policy | None = None
    endpoint: str = ""


UNKNOWN = Via()
"""The route of an unknown caller: everything is open."""


class NetworkWays:
    """`enforce`: with "report", calls pass, and those that would have timed out are reported.
    `report` gets an obstacle at once, and then not again for a minute."""

    def __init__(
        self,
        enforce: Enforce = "off",
        ledger: Ledger | None = None,
        report: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._enforce = enforce
        self._ledger = ledger
        self._report = report
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}
        self._find = lru_cache(maxsize=2048)(lambda *_: UNKNOWN)

    def use(self, blueprint: Blueprint) -> None:
        """Decide by these definitions from now on."""
        policies: dict[str, Policy] = {}

        def find(source: str, service: str, region: str, key: str) -> Via:
            caller = find_caller(blueprint, source)
            if caller is None or self._enforce == "off":
                return UNKNOWN
            way = way_to_aws(blueprint, caller, service, region, key)
            policy = None
            if way.endpoint is not None and way.endpoint.policy:
                policy = policies.setdefault(way.endpoint.id, Policy(way.endpoint.policy))
            endpoint = way.endpoint.address if way.endpoint else ""
            return Via(way.obstacle, _context(way), policy, endpoint)

        self._find = lru_cache(maxsize=2048)(find)

    def via(self, caller: Caller, service: str, region: str) -> Via:
        """The route of a call. An obstacle is reported and recorded at once."""
        if not caller.source:
            return UNKNOWN
        found = self._find(caller.source, service, region, caller.arn)
        if not found.obstacle:
            return found
        self._say(caller, service, found.obstacle)
        if self._enforce == "on":
            return found
        return UNKNOWN

    def _say(self, caller: Caller, service: str, obstacle: str) -> None:
        now = self._clock()
        key = (caller.source, service)
        if not has_passed(_SAID_AGAIN, self._said.get(key, -_SAID_AGAIN), now):
            return
        self._said[key] = now
        who = caller.source.partition(" ")[2].partition(" ")[0]
        enforced = self._enforce == "on"
        does = "times out" if enforced else "would time out"
        self._report(f"{who} cannot reach {service}, and its call {does}: {obstacle}")
        if self._ledger is not None:
            self._ledger.deny(
                Denial(now, caller.role, caller.arn, f"{service}:*", "*", "network", obstacle,
                       enforced)
            )  # fmt: skip


def _context(way: Way) -> Mapping[str, tuple[str, ...]]:
    if way.endpoint is not None:
        said = {
            "aws:sourcevpce": way.endpoint.id,
            "aws:sourcevpc": way.vpc_id,
            "aws:vpcsourceip": way.private_ip,
        }
    else:
        said = {"aws:sourceip": way.public_ip}
    return {name: (value,) for name, value in said.items() if value}
