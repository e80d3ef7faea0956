"""Load balancers, listeners, rules and target groups in the API's form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    Listener,
    ListenerRule,
    LoadBalancer,
    PathPattern,
    QueryString,
    Redirect,
    SourceIp,
    TargetGroup,
)
from bonkei.services.edge.alb.forward import Shifts, shifted

Json = dict[str, Any]


def load_balancer(one: LoadBalancer, blueprint: Blueprint) -> Json:
    subnets = [each for each in blueprint.network.subnets if each.id in one.subnet_ids]
    return {
        "LoadBalancerArn": one.arn,
        "LoadBalancerName": one.name,
        "DNSName": one.dns_name,
        "Scheme": "internal" if one.internal else "internet-facing",
        "Type": "application",
        "IpAddressType": "ipv4",
        "State": {"Code": "active"},
        "VpcId": subnets[0].vpc_id if subnets else None,
        "AvailabilityZones": [
            {"ZoneName": each.availability_zone, "SubnetId": each.id} for each in subnets
        ],
        "SecurityGroups": list(one.security_group_ids),
    }


def listener(one: Listener, of: LoadBalancer) -> Json:
    return {
        "ListenerArn": one.arn,
        "LoadBalancerArn": of.arn,
        "Port": one.port,
        "Protocol": one.protocol,
        "DefaultActions": [_action(one.default_action)],
    }


def rules(one: Listener, shifts: Shifts = MappingProxyType({})) -> Iterator[Json]:
    """In order of priority. The default rule is last."""
    for rule in one.rules:
        action = rule.action
        if isinstance(action, Forward):
            action = shifted(action, rule.arn, shifts)
        yield _rule(replace(rule, action=action))
    yield {
        "RuleArn": default_rule_arn(one),
        "Priority": "default",
        "Conditions": [],
        "Actions": [_action(one.default_action)],
        "IsDefault": True,
    }


def default_rule_arn(one: Listener) -> str:
    """Terraform's state does not have this id, so it is derived from the listener's."""
    digest = hashlib.sha256(one.arn.encode()).hexdigest()[:16]
    return f"{one.arn.replace(':listener/', ':listener-rule/')}/{digest}"


def _rule(rule: ListenerRule) -> Json:
    return {
        "RuleArn": rule.arn,
        "Priority": str(rule.priority),
        "Conditions": [_condition(condition) for condition in rule.conditions],
        "Actions": [_action(rule.action)],
        "IsDefault": False,
    }


def _condition(condition: Condition) -> Json:
    match condition:
        case PathPattern(values=values):
            return _values("path-pattern", "PathPatternConfig", values)
        case HostHeader(values=values):
            return _values("host-header", "HostHeaderConfig", values)
        case HttpRequestMethod(values=values):
            return _values("http-request-method", "HttpRequestMethodConfig", values)
        case SourceIp(values=values):
            return _values("source-ip", "SourceIpConfig", values)
        case HttpHeader(name=name, values=values):
            found = _values("http-header", "HttpHeaderConfig", values)
            found["HttpHeaderConfig"]["HttpHeaderName"] = name
            return found
        case QueryString(pairs=pairs):
            wanted = [{"Key": key or None, "Value": value} for key, value in pairs]
            return {"Field": "query-string", "QueryStringConfig": {"Values": wanted}}


def _values(field: str, config: str, values: tuple[str, ...]) -> Json:
    found: Json = {"Field": field, config: {"Values": list(values)}}
    if field in ("path-pattern", "host-header"):
        found["Values"] = list(values)
    return found


def _action(action: Action) -> Json:
    match action:
        case Forward():
            return _forward(action)
        case Redirect():
            return {
                "Type": "redirect",
                "Order": 1,
                "RedirectConfig": {
                    "StatusCode": f"HTTP_{action.status}",
                    "Protocol": action.protocol,
                    "Host": action.host,
                    "Port": action.port,
                    "Path": action.path,
                    "Query": action.query,
                },
            }
        case FixedResponse():
            return {
                "Type": "fixed-response",
                "Order": 1,
                "FixedResponseConfig": {
                    "StatusCode": str(action.status),
                    "ContentType": action.content_type,
                    "MessageBody": action.body,
                },
            }


def _forward(action: Forward) -> Json:
    sticky: Json = {"Enabled": action.stickiness > 0}
    if action.stickiness:
        sticky["DurationSeconds"] = action.stickiness
    groups = [
        {"TargetGroupArn": each.target_group_arn, "Weight": each.weight} for each in action.targets
    ]
    single = action.targets[0].target_group_arn if len(action.targets) == 1 else None
    return {
        "Type": "forward",
        "Order": 1,
        "TargetGroupArn": single,
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky},
    }


def target_group(one: TargetGroup, blueprint: Blueprint) -> Json:
    check = one.health_check
    balancers = [each for each in blueprint.load_balancers if one.arn in group_arns(each)]
    vpc = load_balancer(balancers[0], blueprint)["VpcId"] if balancers else None
    return {
        "TargetGroupArn": one.arn,
        "TargetGroupName": one.name,
        "Protocol": one.protocol,
        "ProtocolVersion": one.protocol_version,
        "Port": one.port,
        "TargetType": "ip",
        "IpAddressType": "ipv4",
        "VpcId": vpc,
        "LoadBalancerArns": [each.arn for each in balancers],
        "HealthCheckEnabled": check.enabled,
        "HealthCheckPath": check.path,
        "HealthCheckPort": check.port,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckIntervalSeconds": check.interval,
        "HealthCheckTimeoutSeconds": check.timeout,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "Matcher": {"HttpCode": check.matcher},
    }


def group_arns(one: LoadBalancer) -> set[str]:
    """The target groups that a load balancer forwards to."""
    actions = [
        action
        for each in one.listeners
        for action in (each.default_action, *(rule.action for rule in each.rules))
    ]
    return {
        target.target_group_arn
        for action in actions
        if isinstance(action, Forward)
        for target in action.targets
    }


def load_balancer_attributes(one: LoadBalancer) -> Mapping[str, str]:
    return {
        "idle_timeout.timeout_seconds": f"{one.idle_timeout:g}",
        "client_keep_alive.seconds": f"{one.client_keep_alive:g}",
        "routing.http.drop_invalid_header_fields.enabled": _flag(one.drop_invalid_header_fields),
        "routing.http.preserve_host_header.enabled": _flag(one.preserve_host_header),
        "routing.http.xff_header_processing.mode": one.xff_header_processing_mode,
        "routing.http.desync_mitigation_mode": one.desync_mitigation_mode,
    }


def target_group_attributes(one: TargetGroup) -> Mapping[str, str]:
    return {
        "deregistration_delay.timeout_seconds": f"{one.deregistration_delay:g}",
        "slow_start.duration_seconds": f"{one.slow_start:g}",
        "load_balancing.algorithm.type": one.algorithm,
        "stickiness.enabled": _flag(one.stickiness > 0),
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": str(one.stickiness or 86_400),
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"
