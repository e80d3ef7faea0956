"""A blueprint compiled into what listens where. Nothing in a compiled table changes; a new
blueprint gives a new table, and requests in flight keep the one they began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bonkei.blueprint import Blueprint
from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.distribution import Distribution
from bonkei.blueprint.load_balancer import Forward, Listener, LoadBalancer, TargetGroup
from bonkei.blueprint.service import Service, ServiceConnect
from bonkei.edge.cache import Cache
from bonkei.edge.deadlines import Deadlines
from bonkei.edge.distribution import DistributionHandler, Originator
from bonkei.edge.errors import EdgeError
from bonkei.edge.exchange import Handler
from bonkei.edge.health import matches
from bonkei.edge.load_balancer import ListenerHandler
from bonkei.edge.registry import Registry
from bonkei.edge.service_connect import Relay, ServiceHandler
from bonkei.edge.settings import EdgeSettings
from bonkei.edge.web_acl import CompiledWebAcl, Counters

Kind = Literal["distribution", "load_balancer", "service_connect"]
HTTP_PROTOCOLS = frozenset({"http"})


@dataclass(frozen=True, slots=True)
class Opening:
    """A socket to have open. `key` tells whether one that is open already will do."""

    key: str
    kind: Kind
    address: str
    name: str
    host: str
    port: int  # 0 for any
    exact: bool  # else the next free port will do
    handler: Handler | Relay
    idle_timeout: float = 60.0
    client_keep_alive: float = 3600.0


@dataclass(frozen=True, slots=True)
class RoutingTable:
    openings: tuple[Opening, ...] = ()
    web_acls: tuple[CompiledWebAcl, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    in_use: frozenset[str] = frozenset()  # the target groups that a listener forwards to
    not_simulated: tuple[NotSimulated, ...] = ()


@dataclass(slots=True)
class Memory:
    """What outlives a routing table: caches by distribution, counters by web ACL."""

    caches: dict[str, Cache] = field(default_factory=dict)
    counters: dict[str, Counters] = field(default_factory=dict)

    def forget_all_but(self, blueprint: Blueprint) -> None:
        """Drop what belongs to no distribution and no web ACL any more."""
        distributions = {each.id for each in blueprint.distributions}
        web_acls = {each.arn for each in blueprint.web_acls}
        self.caches = {key: each for key, each in self.caches.items() if key in distributions}
        self.counters = {key: each for key, each in self.counters.items() if key in web_acls}


def compile_routing(
    blueprint: Blueprint,
    registry: Registry,
    memory: Memory,
    deadlines: Deadlines,
    settings: EdgeSettings,
) -> RoutingTable:
    """The table for a blueprint. Raises EdgeError for what contradicts itself."""
    return _Compiler(blueprint, registry, memory, deadlines, settings).table()


def forwarded_groups(blueprint: Blueprint) -> set[str]:
    """The ARNs of the target groups that some listener forwards to."""
    return {
        target.target_group_arn
        for balancer in blueprint.load_balancers
        for listener in balancer.listeners
        for action in (listener.default_action, *(rule.action for rule in listener.rules))
        if isinstance(action, Forward)
        for target in action.targets
    }


class _Compiler:
    def __init__(
        self,
        blueprint: Blueprint,
        registry: Registry,
        memory: Memory,
        deadlines: Deadlines,
        settings: EdgeSettings,
    ) -> None:
        self._blueprint = blueprint
        self._registry = registry
        self._memory = memory
        self._deadlines = deadlines
        self._settings = settings
        self._missing: list[NotSimulated] = []
        self._acls = {acl.arn: self._web_acl(acl.arn) for acl in blueprint.web_acls}

    def table(self) -> RoutingTable:
        blueprint = self._blueprint
        registry = self._registry
        registry.know(group.arn for group in blueprint.target_groups)
        listeners = self._listeners()
        openings = [*self._distributions(listeners), *self._load_balancers(listeners)]
        openings += self._services(blueprint.services)
        self._target_groups()
        return RoutingTable(
            tuple(openings),
            tuple(self._acls.values()),
            blueprint.target_groups,
            frozenset(forwarded_groups(blueprint)),
            tuple(self._missing),
        )

    def _lacks(self, kind: str, reason: str, address: str) -> None:
        self._missing.append(NotSimulated(kind, reason, 1, address))

    # Web ACLs.

    def _web_acl(self, arn: str) -> CompiledWebAcl:
        acl = next(each for each in self._blueprint.web_acls if each.arn == arn)
        counters = self._memory.counters.setdefault(arn, Counters())
        compiled = CompiledWebAcl(acl, counters)
        for rule, why in compiled.not_simulated:
            self._lacks("aws_wafv2_web_acl.rule", f"rule {rule}: {why}", acl.address)
        return compiled

    def _protecting(self, arn: str) -> CompiledWebAcl | None:
        for acl in self._blueprint.web_acls:
            if arn in acl.protects:
                return self._acls[acl.arn]
        return None

    # Load balancers.

    def _listeners(self) -> dict[str, tuple[LoadBalancer, Listener, ListenerHandler]]:
        compiled = {}
        for balancer in self._blueprint.load_balancers:
            firewall = self._protecting(balancer.arn)
            for listener in balancer.listeners:
                self._check_targets(listener)
                handler = ListenerHandler(
                    balancer, listener, firewall, self._registry.pools, self._deadlines
                )
                compiled[listener.arn] = (balancer, listener, handler)
                if listener.protocol == "HTTPS":
                    self._lacks(
                        "aws_lb_listener.protocol",
                        "TLS: the listener is plain HTTP on loopback; targets are told https",
                        listener.address,
                    )
        return compiled

    def _check_targets(self, listener: Listener) -> None:
        known = self._registry.pools
        for action in (listener.default_action, *(rule.action for rule in listener.rules)):
            if isinstance(action, Forward):
                for target in action.targets:
                    if target.target_group_arn not in known:
                        raise EdgeError(
                            f"{listener.address} forwards to a target group that is not among "
                            f"the definitions: {target.target_group_arn}",
                            remedy="forward to an aws_lb_target_group of the same definitions",
                        )

    def _load_balancers(
        self, listeners: Mapping[str, tuple[LoadBalancer, Listener, ListenerHandler]]
    ) -> Iterable[Opening]:
        first = self._primary(listeners)
        ordered = sorted(listeners.values(), key=lambda each: each[1].arn != first)
        for position, (balancer, listener, handler) in enumerate(ordered):
            primary = position == 0
            base = self._settings.load_balancer_port
            yield Opening(
                key="load_balancer" if primary else f"listener {listener.arn}",
                kind="load_balancer",
                address=listener.address,
                name=f"{balancer.name} {listener.protocol}:{listener.port}",
                host=self._settings.host,
                port=base if primary or not base else base + position,
                exact=primary,
                handler=handler,
                idle_timeout=balancer.idle_timeout,
                client_keep_alive=balancer.client_keep_alive,
            )

    def _primary(
        self, listeners: Mapping[str, tuple[LoadBalancer, Listener, ListenerHandler]]
    ) -> str:
        """The listener that a distribution's default behavior goes to, else the first."""
        for distribution in self._blueprint.distributions:
            for behavior in reversed(distribution.behaviors):
                found = self._origin_listener(distribution, behavior.origin_id)
                if found is not None:
                    return found.arn
        return next(iter(listeners), "")

    def _origin_listener(self, distribution: Distribution, origin_id: str) -> Listener | None:
        for origin in distribution.origins:
            if origin.id != origin_id:
                continue
            https = origin.protocol_policy == "https-only"
            port = origin.https_port if https else origin.http_port
            for balancer in self._blueprint.load_balancers:
                if balancer.dns_name.lower() == origin.domain_name.lower():
                    for listener in balancer.listeners:
                        if listener.port == port:
                            return listener
        return None

    def _target_groups(self) -> None:
        for group in self._blueprint.target_groups:
            check = group.health_check
            try:
                matches(check.matcher, 200)
            except ValueError:
                raise EdgeError(
                    f"{group.address}: the health check's matcher {check.matcher!r} is no list of "
                    "codes",
                    remedy="write it as 200, 200,302 or 200-299",
                ) from None
            if group.protocol == "HTTPS" or check.protocol == "HTTPS":
                self._lacks(
                    "aws_lb_target_group.protocol", "TLS: targets are asked by HTTP", group.address
                )
            if group.protocol_version != "HTTP1":
                self._lacks(
                    "aws_lb_target_group.protocol_version",
                    f"{group.protocol_version}: targets are asked by HTTP/1.1",
                    group.address,
                )
            if check.port != "traffic-port":
                self._lacks(
                    "aws_lb_target_group.health_check.port",
                    "a task has a port of its own on this machine; that one is checked",
                    group.address,
                )
            if group.slow_start:
                self._lacks(
                    "aws_lb_target_group.slow_start",
                    "a new target gets its full share at once",
                    group.address,
                )

    # Distributions.

    def _distributions(
        self, listeners: Mapping[str, tuple[LoadBalancer, Listener, ListenerHandler]]
    ) -> Iterable[Opening]:
        position = 0
        for distribution in self._blueprint.distributions:
            if not distribution.enabled:
                continue
            cache = self._memory.caches.setdefault(
                distribution.id,
                Cache(self._settings.cache_bytes, self._settings.cached_object_bytes),
            )
            origins: dict[str, Originator | None] = {}
            for origin in distribution.origins:
                listener = self._origin_listener(distribution, origin.id)
                origins[origin.id] = listeners[listener.arn][2] if listener else None
                if listener is None:
                    self._lacks(
                        "aws_cloudfront_distribution.origin",
                        f"{origin.domain_name} is no load balancer of these definitions with a "
                        "listener at the origin's port: its requests get a 502",
                        distribution.address,
                    )
            firewall = self._acls.get(distribution.web_acl_arn) or self._protecting(
                distribution.arn
            )
            handler = DistributionHandler(
                distribution, origins, firewall, cache, self._deadlines, self._settings.limits
            )
            for kind, reason in handler.not_simulated:
                self._lacks(kind, reason, distribution.address)
            base = self._settings.distribution_port
            yield Opening(
                key=f"distribution {position}",
                kind="distribution",
                address=distribution.address,
                name=distribution.domain_name,
                host=self._settings.host,
                port=base + position if base else 0,
                exact=position == 0,
                handler=handler,
            )
            position += 1

    # Service Connect.

    def _services(self, services: Iterable[Service]) -> Iterable[Opening]:
        for service in services:
            connect = service.service_connect
            if connect is None:
                continue
            for endpoint in connect.endpoints:
                host = self._settings.service_addresses.get(endpoint.dns_name)
                if host is None:
                    self._lacks(
                        "aws_ecs_service.service_connect_configuration",
                        f"no loopback address was given for {endpoint.dns_name}",
                        service.address,
                    )
                    continue
                yield Opening(
                    key=f"service {host}:{endpoint.port} {endpoint.port_name}",
                    kind="service_connect",
                    address=service.address,
                    name=endpoint.dns_name,
                    host=host,
                    port=endpoint.port,
                    exact=True,
                    handler=self._service_handler(service, connect, endpoint.port_name),
                    idle_timeout=connect.idle_timeout or 300.0,
                )

    def _service_handler(
        self, service: Service, connect: ServiceConnect, port_name: str
    ) -> ServiceHandler | Relay:
        pool = self._registry.service(service.arn, port_name)
        if self._app_protocol(service, port_name) in HTTP_PROTOCOLS:
            return ServiceHandler(pool, connect, self._deadlines)
        return Relay(pool, connect, self._deadlines)

    def _app_protocol(self, service: Service, port_name: str) -> str:
        """The mapping's appProtocol; empty for TCP. HTTP/2 and gRPC are relayed as TCP."""
        try:
            definition = self._blueprint.task_definition(service.task_definition_arn)
        except KeyError:
            return ""
        for container in definition.containers:
            for mapping in container.port_mappings:
                if mapping.name == port_name:
                    return mapping.app_protocol
        return ""
