"""Which logs get a finished request. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import Forward, LoadBalancer
from bonkei.services.logs.delivery.requests import cloudfront, waf
from bonkei.services.logs.delivery.requests.load_balancer import LoadBalancerLog
from bonkei.services.logs.delivery.requests.request import Access, Kind
from bonkei.services.logs.delivery.requests.target import Ready, Target

_KINDS = 1_000
_BYTES = 128 * 1024

_Prepared = tuple[tuple[Target, Ready | None], ...]


class _PreparedKinds:
    """What was prepared for kinds of requests. Clients choose the texts of a kind, and entries
    repeat them, so the number of kinds and the length of these texts are bounded."""

    __slots__ = ("_bytes", "_found", "get")

    def __init__(self) -> None:
        self._found: dict[Kind, _Prepared] = {}
        self._bytes = 0
        self.get = self._found.get

    def keep(self, kind: Kind, prepared: _Prepared) -> None:
        access = kind.sample
        size = len(access.host) + len(access.user_agent) + len(access.redirect_url)
        if len(self._found) >= _KINDS or self._bytes + size > _BYTES:
            self._found.clear()
            self._bytes = 0
        self._bytes += size
        self._found[kind] = prepared


@dataclass(frozen=True, slots=True)
class Routes:
    """`of`: the logs of each source (its ARN); a web ACL is a source, too. `notes`: declared logs
    that are not simulated."""

    of: dict[str, tuple[Target, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    _distributions: dict[str, str] = field(default_factory=dict)  # ARNs, by address
    _balancers: dict[str, str] = field(default_factory=dict)  # ARNs, by the names in a record
    _protected: dict[str, str] = field(default_factory=dict)  # balancers, by the ARN of their ACL
    _prepared: _PreparedKinds = field(default_factory=_PreparedKinds)

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(target for found in self.of.values() for target in found)

    def way(self, access: Access) -> Iterator[Target]:
        """The logs for one kind of request."""
        acls = (verdict.acl for verdict, _ in access.inspections)
        for source in (self.distribution(access), self.balancer(access), *acls):
            if source:
                yield from self.of.get(source, ())

    def prepared(self, kind: Kind) -> tuple[tuple[Target, Ready | None], ...]:
        """The logs of a kind of requests with the entries that they prepare, found once. Without
        one, the log is asked about each request; logs without an entry for the kind are left out.
        """
        found = self._prepared.get(kind)
        if found is None:
            access = kind.sample
            found = tuple(
                (target, target.prepare(access) if target.prepare is not None else None)
                for target in self.way(access)
                if not target.ignores(access)
            )
            self._prepared.keep(kind, found)
        return found

    def distribution(self, access: Access) -> str:
        """The ARN of the distribution that received a request; empty without one."""
        return self._distributions.get(access.listener, "")

    def balancer(self, access: Access) -> str:
        """The ARN of the load balancer that received a request; empty without one."""
        for name in (access.listener, access.rule, access.target_group_arn):
            if name and (found := self._balancers.get(name)) is not None:
                return found
        for verdict, _ in access.inspections:
            if (found := self._protected.get(verdict.acl)) is not None:
                return found
        return ""


def find_routes(
    blueprint: Blueprint, account: str, endpoints: Mapping[str, str] = MappingProxyType({})
) -> Routes:
    """The logs that the definitions declare, and their destinations. `endpoints`: where tasks
    listen."""
    found: dict[str, list[Target]] = {}
    notes: list[str] = []
    routes = Routes(
        _distributions={each.address: each.arn for each in blueprint.distributions},
        _balancers={n: each.arn for each in blueprint.load_balancers for n in _names(each)},
        _protected=_protected(blueprint),
    )
    for arn, target in chain(
        _of_balancers(blueprint, account, endpoints),
        _of_distributions(blueprint, account, notes),
        _of_web_acls(blueprint, account, routes, notes),
    ):
        found.setdefault(arn, []).append(target)
    of = {arn: tuple(targets) for arn, targets in found.items()}
    return replace(routes, of=of, notes=tuple(notes))


Found = Iterator[tuple[str, Target]]


def _of_balancers(blueprint: Blueprint, account: str, endpoints: Mapping[str, str]) -> Found:
    logs = {
        each.arn: LoadBalancerLog(each, account, endpoints) for each in blueprint.load_balancers
    }
    for log in blueprint.access_logs:
        if (of := logs.get(log.source_arn)) is not None:
            yield log.source_arn, of.access(log)
    for log in blueprint.connection_logs:
        if (of := logs.get(log.source_arn)) is not None:
            yield log.source_arn, of.connections(log)


def _of_distributions(blueprint: Blueprint, account: str, notes: list[str]) -> Found:
    distributions = {each.arn: each for each in blueprint.distributions}
    for log in blueprint.access_logs:
        if (of := distributions.get(log.source_arn)) is not None:
            yield of.arn, cloudfront.legacy(log, of, account)
    for delivery in blueprint.log_deliveries:
        of = distributions.get(delivery.resource_arn)
        if of is None or delivery.log_type != "ACCESS_LOGS":
            notes.append(
                f"{delivery.address}: {delivery.log_type} of {delivery.resource_arn} are not "
                "simulated: nothing is delivered"
            )
        elif (target := cloudfront.delivered(delivery, of, account)) is not None:
            yield of.arn, target
        else:
            notes.append(f"{delivery.address}: {_why_not(delivery.destination)}")


def _of_web_acls(blueprint: Blueprint, account: str, routes: Routes, notes: list[str]) -> Found:
    acls = {each.arn: each for each in blueprint.web_acls}
    for log in blueprint.waf_logs:
        if (acl := acls.get(log.web_acl_arn)) is None:
            continue
        source_of = routes.distribution if acl.scope == "CLOUDFRONT" else routes.balancer
        for target in waf.targets(log, acl, account, source_of):
            yield acl.arn, target
        notes += [
            f"{log.address}: {_why_not(destination)}"
            for destination in log.destinations
            if not (":log-group:" in destination or ":s3:::" in destination)
        ]


def _why_not(destination: str) -> str:
    if ":firehose:" in destination:
        return f"Firehose ({destination}) is not simulated: nothing is delivered there"
    return f"{destination} gets nothing here: its kind or the output format is not simulated"


def _protected(blueprint: Blueprint) -> dict[str, str]:
    """The load balancer of each regional web ACL that has only one."""
    balancers = {each.arn for each in blueprint.load_balancers}
    found = {}
    for acl in blueprint.web_acls:
        protected = [arn for arn in acl.protects if arn in balancers]
        if len(protected) == 1:
            found[acl.arn] = protected[0]
    return found


def _names(balancer: LoadBalancer) -> Iterator[str]:
    yield balancer.address
    yield balancer.arn
    for listener in balancer.listeners:
        yield listener.address
        for action in (listener.default_action, *(rule.action for rule in listener.rules)):
            if isinstance(action, Forward):
                yield from (target.target_group_arn for target in action.targets)
        yield from (rule.arn for rule in listener.rules)
