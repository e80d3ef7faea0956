"""Whose log a finished request belongs to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bonkei.blueprint import Blueprint
from bonkei.blueprint.access_log import AccessLog, WafLog
from bonkei.blueprint.distribution import Distribution
from bonkei.blueprint.load_balancer import Forward, LoadBalancer
from bonkei.blueprint.web_acl import WebAcl
from bonkei.logs.delivery.requests.request import OTHER_HOST, Access
from bonkei.logs.delivery.requests.waf import keeps


@dataclass(frozen=True, slots=True)
class WafRoute:
    """A web ACL with its log, and the ARN of what it protects."""

    acl: WebAcl
    log: WafLog
    source: str


@dataclass(frozen=True, slots=True)
class Way:
    """The access logs (by the ARN of their source) and web ACLs' logs that want a request."""

    access_logs: tuple[str, ...]
    waf: tuple[WafRoute, ...]


_KINDS = 1_000


@dataclass(frozen=True, slots=True)
class Routes:
    """By what a record names: addresses, and ARNs of rules and target groups."""

    distributions: dict[str, Distribution] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    access_logs: dict[str, AccessLog] = field(default_factory=dict)
    waf: dict[str, WafRoute] = field(default_factory=dict)
    blocking: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str, str, str], Way] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nobody wants a log."""
        return not self.access_logs and not self.waf

    def way(self, access: Access) -> Way:
        """Found once for all requests of one kind."""
        kind = (access.listener, access.rule, access.target_group_arn, access.blocked_by)
        found = self._known.get(kind)
        if found is None:
            if len(self._known) >= _KINDS:
                self._known.clear()
            self._known[kind] = found = self._find(access)
        return found

    def _find(self, access: Access) -> Way:
        distribution, balancer = self.distributions.get(access.listener), self.balancer(access)
        arns = [each.arn for each in (distribution, balancer) if each is not None]
        action = "BLOCK" if access.blocked_by else "ALLOW"
        return Way(
            tuple(arn for arn in arns if arn in self.access_logs),
            tuple(each for each in self.waf_routes(access) if keeps(each.log, action)),
        )

    def balancer(self, access: Access) -> LoadBalancer | None:
        """The load balancer that a request came to, if it came so far."""
        for name in (access.listener, access.rule, access.target_group_arn):
            if name and (found := self.balancers.get(name)) is not None:
                return found
        protected = self.blocking.get(access.blocked_by, "") if access.blocked_by else ""
        return self.balancers.get(protected)

    def waf_routes(self, access: Access) -> Iterator[WafRoute]:
        """The web ACLs with a log that have looked at a request."""
        if access.blocked_by == OTHER_HOST:
            return
        distribution = self.distributions.get(access.listener)
        balancer = self.balancer(access)
        for arn in (distribution and distribution.arn, balancer and balancer.arn):
            if arn and (route := self.waf.get(arn)) is not None:
                yield route


def find_routes(blueprint: Blueprint) -> Routes:
    """What the definitions want logged, and where."""
    routes = Routes()
    for distribution in blueprint.distributions:
        routes.distributions[distribution.address] = distribution
    for balancer in blueprint.load_balancers:
        for name in _names(balancer):
            routes.balancers[name] = balancer
    for log in blueprint.access_logs:
        routes.access_logs[log.source_arn] = log
    waf_logs = {log.web_acl_arn: log for log in blueprint.waf_logs}
    for acl in blueprint.web_acls:
        for protected in acl.protects:
            if protected in routes.balancers:
                routes.blocking.update((rule.name, protected) for rule in acl.rules)
            if (waf_log := waf_logs.get(acl.arn)) is not None:
                routes.waf[protected] = WafRoute(acl, waf_log, protected)
    return routes


def _names(balancer: LoadBalancer) -> Iterator[str]:
    yield balancer.address
    yield balancer.arn
    for listener in balancer.listeners:
        yield listener.address
        for action in (listener.default_action, *(rule.action for rule in listener.rules)):
            if isinstance(action, Forward):
                yield from (target.target_group_arn for target in action.targets)
        yield from (rule.arn for rule in listener.rules)
