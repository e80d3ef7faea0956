"""A blueprint compiled into a routing table: handlers and sockets. A table never changes; a new
blueprint gives a new table, and requests in flight keep the one they began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.flows import container_port
from bonkei.analysis.network.origins import closed_origins
from bonkei.analysis.network.ways import obstacle_to_peer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.ecs import Service, ServiceConnect, ServiceConnectEndpoint
from bonkei.blueprint.elbv2 import Forward, Listener, LoadBalancer, TargetGroup
from bonkei.services.edge.alb.load_balancer import ListenerHandler
from bonkei.services.edge.cloudfront.bucket_origin import BucketOrigin
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.cloudfront.distribution import DistributionHandler, Originator
from bonkei.services.edge.cloudfront.unreachable import Unreachable
from bonkei.services.edge.errors import EdgeError
from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.exchange import Handler
from bonkei.services.edge.not_simulated import not_simulated
from bonkei.services.edge.origin import first_listener, origin_listener
from bonkei.services.edge.service_connect import ClosedService, Relay, ServiceHandler
from bonkei.services.edge.settings import EdgeSettings
from bonkei.services.edge.targets.registry import Registry
from bonkei.services.edge.targets.target_health import matches
from bonkei.services.edge.waf.web_acl import CompiledWebAcl, Counters

Kind = Literal["distribution", "load_balancer", "service_connect"]
HTTP_PROTOCOLS = frozenset({"http"})
_NOT_PROXIED = ServiceConnect("", idle_timeout=0)
"""A name in Cloud Map has the tasks' addresses: no connection to them ends by a time-out."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A socket to open. An open socket with the same `key` can be used again."""

    key: str
    kind: Kind
    address: str
    name: str
    host: str
    port: int  # 0 for any
    exact: bool  # false: the next free port will do
    handler: Handler | Relay
    idle_timeout: float = 60.0
    client_keep_alive: float = 3600.0


@dataclass(frozen=True, slots=True)
class RoutingTable:
    openings: tuple[Opening, ...] = ()
    web_acls: tuple[CompiledWebAcl, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    services: tuple[tuple[str, str], ...] = ()  # ARN and Terraform address
    in_use: frozenset[str] = frozenset()  # the target groups that a listener forwards to
    not_simulated: tuple[NotSimulated, ...] = ()


@dataclass(slots=True)
class Memory:
    """State that outlives a routing table: caches by distribution, counters by web ACL."""

    caches: dict[str, Cache] = field(default_factory=dict)
    counters: dict[str, Counters] = field(default_factory=dict)

    def forget_all_but(self, blueprint: Blueprint) -> None:
        """Drop the state of distributions and web ACLs that no longer exist."""
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
    """The table for a blueprint. Raises EdgeError for contradictory definitions."""
    _refuse_contradictions(blueprint)
    forwarded = forwarded_groups(blueprint)
    registry.know({*forwarded, *(group.arn for group in blueprint.target_groups)})
    compiler = _Compiler(blueprint, registry, memory, deadlines, settings)
    openings = tuple(compiler.openings())
    web_acls = tuple(compiler.web_acls.values())
    return RoutingTable(
        openings,
        web_acls,
        blueprint.target_groups,
        tuple((service.arn, service.address) for service in blueprint.services),
        frozenset(forwarded),
        tuple(not_simulated(blueprint, settings, web_acls)),
    )


def forwarded_groups(blueprint: Blueprint) -> set[str]:
    """The ARNs of the target groups that some listener forwards to."""
    return {
        arn
        for balancer in blueprint.load_balancers
        for listener in balancer.listeners
        for arn in _forwards(listener)
    }


def _forwards(listener: Listener) -> Iterator[str]:
    for action in (listener.default_action, *(rule.action for rule in listener.rules)):
        if isinstance(action, Forward):
            yield from (target.target_group_arn for target in action.targets)


def _refuse_contradictions(blueprint: Blueprint) -> None:
    """A declared group that is not simulated is not an error. Without targets it answers 503."""
    known = {*blueprint.arns, *(group.arn for group in blueprint.target_groups)}
    for balancer in blueprint.load_balancers:
        for listener in balancer.listeners:
            for arn in _forwards(listener):
                if arn not in known:
                    raise EdgeError(
                        f"{listener.address} forwards to a target group that is not among the "
                        f"definitions: {arn}",
                        remedy="forward to an aws_lb_target_group of the same definitions",
                    )
    for group in blueprint.target_groups:
        try:
            matches(group.health_check.matcher, 200)
        except ValueError:
            raise EdgeError(
                f"{group.address}: the health check's matcher {group.health_check.matcher!r} is "
                "not a list of codes",
                remedy="write it as 200, 200,302 or 200-299",
            ) from None


class _Compiler:
    """One blueprint's handlers and sockets. The load balancers come first: the distributions'
    origins need their handlers."""

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
        self.web_acls = {
            acl.arn: CompiledWebAcl(acl, memory.counters.setdefault(acl.arn, Counters()))
            for acl in blueprint.web_acls
        }
        self._listeners = {
            listener.arn: self._listener(balancer, listener)
            for balancer in blueprint.load_balancers
            for listener in balancer.listeners
        }

    def openings(self) -> Iterator[Opening]:
        """Every socket to open."""
        enabled = [each for each in self._blueprint.distributions if each.enabled]
        for position, distribution in enumerate(enabled):
            yield self._distribution_opening(distribution, position)
        yield from self._listener_openings()
        for service in self._blueprint.services:
            for endpoint in self._blueprint.endpoints(service):
                host = self._settings.service_addresses.get(endpoint.dns_name)
                if host is not None:
                    yield self._service_opening(service, endpoint, host)
                yield from self._for_callers(service, endpoint)

    def _for_callers(self, service: Service, endpoint: ServiceConnectEndpoint) -> Iterator[Opening]:
        """Each caller has its own address for the name, so that the caller can be identified."""
        port = container_port(self._blueprint, service, endpoint.port_name)
        for (name, dns_name), host in self._settings.caller_addresses.items():
            if dns_name != endpoint.dns_name:
                continue
            caller = find_caller(self._blueprint, f"task {name}")
            is_closed = False
            if caller is not None and self._settings.enforces_network:
                is_closed = bool(obstacle_to_peer(self._blueprint, caller, service, port))
            opening = self._service_opening(service, endpoint, host, is_closed=is_closed)
            yield replace(opening, name=f"{endpoint.dns_name} for {name}")

    def _protecting(self, arn: str) -> CompiledWebAcl | None:
        for acl in self._blueprint.web_acls:
            if arn in acl.protects:
                return self.web_acls[acl.arn]
        return None

    # Load balancers.

    def _listener(self, balancer: LoadBalancer, listener: Listener) -> ListenerHandler:
        firewall = self._protecting(balancer.arn)
        return ListenerHandler(
            balancer,
            listener,
            firewall,
            self._registry.pools,
            self._deadlines,
            self._settings.hosts,
            self._registry.shifts,
        )

    def _listener_openings(self) -> Iterator[Opening]:
        """The first listener always gets the port of the settings. The others follow."""
        first = first_listener(self._blueprint)
        every = [
            (balancer, listener)
            for balancer in self._blueprint.load_balancers
            for listener in balancer.listeners
        ]
        base = self._settings.load_balancer_port
        for position, (balancer, listener) in enumerate(
            sorted(every, key=lambda each: each[1] is not first)
        ):
            primary = position == 0
            yield Opening(
                key="load_balancer" if primary else f"listener {listener.arn}",
                kind="load_balancer",
                address=listener.address,
                name=f"{balancer.name} {listener.protocol}:{listener.port}",
                host=self._settings.host,
                port=base if primary or not base else base + position,
                exact=primary,
                handler=self._listeners[listener.arn],
                idle_timeout=balancer.idle_timeout,
                client_keep_alive=balancer.client_keep_alive,
            )

    # Distributions.

    def _distribution_opening(self, distribution: Distribution, position: int) -> Opening:
        base = self._settings.distribution_port
        return Opening(
            key=f"distribution {position}",
            kind="distribution",
            address=distribution.address,
            name=distribution.domain_name,
            host=self._settings.host,
            port=base + position if base else 0,
            exact=position == 0,
            handler=self._distribution(distribution),
        )

    def _distribution(self, distribution: Distribution) -> DistributionHandler:
        settings = self._settings
        empty = Cache(settings.cache_bytes, settings.cached_object_bytes)
        cache = self._memory.caches.setdefault(distribution.id, empty)
        origins: dict[str, Originator | None] = {}
        closed = closed_origins(self._blueprint, distribution) if settings.enforces_network else {}
        for origin in distribution.origins:
            listener = origin_listener(self._blueprint, distribution, origin)
            origins[origin.id] = self._listeners[listener.arn] if listener else None
            if origin.bucket:
                signs = distribution.arn if origin.is_signed else ""
                origins[origin.id] = BucketOrigin(
                    settings.objects, origin.bucket, signs, origin.access_identity
                )
            if origin.id in closed:
                origins[origin.id] = Unreachable(closed[origin.id])
        firewall = self.web_acls.get(distribution.web_acl_arn)
        return DistributionHandler(
            distribution,
            origins,
            firewall or self._protecting(distribution.arn),
            cache,
            settings.limits,
            settings.hosts,
        )

    # Service Connect and Cloud Map.

    def _service_opening(
        self, service: Service, endpoint: ServiceConnectEndpoint, host: str,
        *, is_closed: bool = False,
    ) -> Opening:  # fmt: skip
        handler = self._service(service, endpoint, is_closed)
        host, port = self._settings.here(host, endpoint.port)
        # Two services may have one name in Cloud Map: the latter is called.
        own = "" if endpoint.is_direct else f" {endpoint.port_name}"
        return Opening(
            key=f"service {host}:{port}{own}",
            kind="service_connect",
            address=service.address,
            name=endpoint.dns_name,
            host=host,
            port=port,
            exact=True,
            handler=handler,
            idle_timeout=handler.idle_timeout,
        )

    def _service(
        self, service: Service, endpoint: ServiceConnectEndpoint, is_closed: bool
    ) -> ServiceHandler | Relay:
        pool = self._registry.service(service.arn, endpoint.port_name)
        connect = service.service_connect
        if connect is None or endpoint.is_direct:
            return Relay(pool, _NOT_PROXIED, self._deadlines, is_closed=is_closed)
        if self._app_protocol(service, endpoint.port_name) in HTTP_PROTOCOLS:
            make = ClosedService if is_closed else ServiceHandler
            return make(pool, connect, self._deadlines, endpoint.dns_name)
        return Relay(pool, connect, self._deadlines, is_closed=is_closed)

    def _app_protocol(self, service: Service, port_name: str) -> str:
        """The mapping's appProtocol; empty for TCP. HTTP/2 and gRPC are relayed as TCP."""
        definition = self._blueprint.definition_of(service)
        for container in definition.containers if definition else ():
            for mapping in container.port_mappings:
                if mapping.name == port_name:
                    return mapping.app_protocol
        return ""
