"""Requests per second on each arrow of the picture.

Nothing is counted for the console alone. The edge counts at its listeners and firewalls, and the
monitor counts the answers of balancers and target groups. Two readings of these counters give a
rate.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import LoadBalancer
from bonkei.miniature.measures.traffic import EVERY, Totals, balancer_name, group_name
from bonkei.services.edge import EdgeSnapshot

WINDOW = 5.0  # seconds that a rate is of
Arrow = tuple[str, str]
Counts = Mapping[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Rate:
    """The requests of one second, and those that ended with 5xx or without an answer."""

    requests: float
    errors: float


class Flow:
    """Keeps the readings of the last seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: deque[tuple[float, Counts]] = deque()

    def look(self, blueprint: Blueprint, edge: EdgeSnapshot, totals: Totals) -> dict[Arrow, Rate]:
        """The present rates, by the ends of each arrow; none at the first reading."""
        now, counts = self._clock(), read(edge, totals)
        while self._readings and now - self._readings[0][0] > WINDOW + 1:
            self._readings.popleft()
        self._readings.append((now, counts))
        before, first = self._readings[0]
        if now <= before:
            return {}
        seconds = now - before
        # A listener that is opened again counts from zero.
        more = {key: max(0, n - first.get(key, 0)) for key, n in counts.items()}
        return {
            arrow: Rate(requests / seconds, min(requests, errors) / seconds)
            for arrow, requests, errors in arrows(blueprint, Counter(more))
            if requests > 0
        }


def read(edge: EdgeSnapshot, totals: Totals) -> Counts:
    """All counters under names of their own."""
    counts: Counter[tuple[str, ...]] = Counter()
    for listener in edge.listeners:
        name = listener.name if listener.kind == "service_connect" else ""
        counts["listener", listener.address, name] += listener.requests
    for acl in edge.web_acls:
        counts["allowed", acl.address] = sum(rule.allowed for rule in acl.rules)
        counts["blocked", acl.address] = sum(rule.blocked for rule in acl.rules)
    for (balancer, group, kind), count in totals.balancers.items():
        counts["answers", balancer, group, kind] = count
    for distribution, count in totals.failed.items():
        counts["failed", distribution] = count
    return counts


def arrows(
    blueprint: Blueprint, counts: Counter[tuple[str, ...]]
) -> Iterator[tuple[Arrow, int, int]]:
    """Each arrow with its requests and errors."""
    for distribution in blueprint.distributions:
        yield (
            ("viewers", distribution.address),
            counts["listener", distribution.address, ""],
            counts["failed", distribution.id],
        )
    for balancer in blueprint.load_balancers:
        yield from _to_balancer(blueprint, balancer, counts)
        yield from _to_services(blueprint, balancer, counts)
    services = {each.name: each.address for each in blueprint.services}
    for (kind, address, *rest), count in tuple(counts.items()):
        # A listener of Service Connect that is one caller's is named `NAME for SERVICE`.
        caller = services.get(rest[0].partition(" for ")[2]) if kind == "listener" else None
        if caller is not None:
            yield (caller, address), count, 0


def _to_balancer(
    blueprint: Blueprint, balancer: LoadBalancer, counts: Counter[tuple[str, ...]]
) -> Iterator[tuple[Arrow, int, int]]:
    """Through the firewall, if there is one. Requests that do not come from CloudFront come
    directly."""
    name = balancer_name(balancer.arn)
    failed = sum(
        counts["answers", name, "", f"HTTPCode_{by}_5XX_Count"] for by in ("ELB", "Target")
    )
    acl = next((a.address for a in blueprint.web_acls if balancer.arn in a.protects), "")
    total = counts["answers", name, "", EVERY]
    if acl:
        total = counts["allowed", acl] + counts["blocked", acl]
        yield (acl, balancer.address), counts["allowed", acl], failed
    entry = acl or balancer.address
    direct = sum(counts["listener", each.address, ""] for each in balancer.listeners)
    if direct:
        yield ("viewers", entry), direct, 0
    names = {balancer.dns_name.lower(), *balancer.aliases}
    for distribution in blueprint.distributions:
        if any(origin.domain_name.lower() in names for origin in distribution.origins):
            yield (distribution.address, entry), total - direct, failed
            break


def _to_services(
    blueprint: Blueprint, balancer: LoadBalancer, counts: Counter[tuple[str, ...]]
) -> Iterator[tuple[Arrow, int, int]]:
    """For a request that a target has not answered, the balancer has answered with an error."""
    name = balancer_name(balancer.arn)
    for service in blueprint.services:
        requests = errors = 0
        for target in service.targets:
            key = ("answers", name, group_name(target.target_group_arn))
            asked = counts[(*key, "RequestCount")]
            answers = [counts[(*key, f"HTTPCode_Target_{n}XX_Count")] for n in (2, 3, 4, 5)]
            requests += asked
            errors += answers[-1] + max(0, asked - sum(answers))
        if requests:
            yield (balancer.address, service.address), requests, errors
