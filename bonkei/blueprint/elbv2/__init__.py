"""An Application Load Balancer: listeners, their rules, and the target groups behind them.

reader   aws_lb with its listeners and their rules, and aws_lb_target_group
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathPattern:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostHeader:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HttpHeader:
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HttpRequestMethod:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryString:
    """Pairs of a key (empty for any key) and a value pattern. One of them must match."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SourceIp:
    values: tuple[str, ...]


Condition = PathPattern | HostHeader | HttpHeader | HttpRequestMethod | QueryString | SourceIp


@dataclass(frozen=True, slots=True)
class WeightedTarget:
    target_group_arn: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward to one of the target groups, by weight. `stickiness` is in seconds; 0 for none."""

    targets: tuple[WeightedTarget, ...]
    stickiness: int = 0


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect. `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` are replaced by the
    request's values."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True)
class FixedResponse:
    status: int
    content_type: str = "text/plain"
    body: str = ""


Action = Forward | Redirect | FixedResponse


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A rule of a listener. All conditions must hold; in one condition, any value may match. The
    rule with the lowest priority number comes first."""

    address: str
    arn: str
    priority: int
    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener. `rules` are in order of priority. `default_action` applies if none matches."""

    address: str
    arn: str
    port: int
    protocol: str  # HTTP | HTTPS
    default_action: Action
    rules: tuple[ListenerRule, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer. Times are in seconds. `aliases` are further DNS names that lead to it (an
    origin may use one)."""

    address: str
    arn: str
    name: str
    dns_name: str
    listeners: tuple[Listener, ...]
    internal: bool = False
    idle_timeout: float = 60.0
    client_keep_alive: float = 3600.0
    drop_invalid_header_fields: bool = False
    preserve_host_header: bool = False
    xff_header_processing_mode: str = "append"  # append | preserve | remove
    desync_mitigation_mode: str = "defensive"  # monitor | defensive | strictest
    aliases: tuple[str, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    web_acl_arn: str = ""


@dataclass(frozen=True, slots=True)
class TargetHealthCheck:
    """A target group's health check. Times are in seconds. `matcher` is in ELB's form: `200`,
    `200,302`, `200-299`."""

    path: str = "/"
    port: str = "traffic-port"
    protocol: str = "HTTP"
    interval: float = 30.0
    timeout: float = 5.0
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group. Times are in seconds."""

    address: str
    arn: str
    name: str
    port: int
    protocol: str
    health_check: TargetHealthCheck
    protocol_version: str = "HTTP1"
    deregistration_delay: float = 300.0
    slow_start: float = 0.0
    algorithm: str = "round_robin"  # round_robin | least_outstanding_requests | weighted_random
    stickiness: int = 0  # seconds; 0 for none
