"""aws_lb with its listeners and their rules, and aws_lb_target_group."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.coverage import Gaps
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
    TargetHealthCheck,
    WeightedTarget,
)
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.dns import names_of

_LISTENERS = ("aws_lb_listener", "aws_alb_listener")
_RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
_HTTP = ("HTTP", "HTTPS")
_WITH_REGEX = ("path_pattern", "host_header", "http_header")


def read_load_balancers(state: State, gaps: Gaps) -> tuple[LoadBalancer, ...]:
    """Every Application Load Balancer. Network and gateway load balancers are noted."""
    return tuple(_load_balancers(state, gaps))


def _load_balancers(state: State, gaps: Gaps) -> Iterator[LoadBalancer]:
    for block in state.managed("aws_lb", "aws_alb"):
        kind = block.text("load_balancer_type", "application")
        if kind == "application":
            yield _load_balancer(block, state, gaps)
        else:
            gaps.resource(block, f"a load balancer of type {kind}: only application ones run here")


def _load_balancer(block: Resource, state: State, gaps: Gaps) -> LoadBalancer:
    arn = block.text("arn")
    dns_name = block.text("dns_name")
    own = {  # by ARN: two resources with the same settings are one listener
        listener.text("arn"): listener
        for listener in state.managed(*_LISTENERS)
        if listener.text("load_balancer_arn") == arn
    }
    listeners = (_listener(listener, state, gaps) for listener in own.values())
    return block.read(
        LoadBalancer,
        listeners=tuple(sorted(listeners, key=lambda listener: listener.port)),
        xff_header_processing_mode=block.choice(
            "xff_header_processing_mode", ("append", "preserve", "remove"), "append"
        ),
        desync_mitigation_mode=block.choice(
            "desync_mitigation_mode", ("monitor", "defensive", "strictest"), "defensive"
        ),
        aliases=tuple(sorted(names_of(dns_name, state))),
        subnet_ids=tuple(sorted(block.texts("subnets"))),
        security_group_ids=tuple(sorted(block.texts("security_groups"))),
        web_acl_arn=next(
            (
                found.text("web_acl_arn")
                for found in state.managed("aws_wafv2_web_acl_association")
                if found.text("resource_arn") == arn
            ),
            "",
        ),
    )


def _listener(block: Resource, state: State, gaps: Gaps) -> Listener:
    arn = block.text("arn")
    rules = (
        _rule(rule, gaps)
        for rule in state.managed(*_RULES)
        if rule.text("listener_arn") == arn and _readable(rule, gaps)
    )
    return block.read(
        Listener,
        protocol=block.choice("protocol", ("HTTP", "HTTPS"), "HTTP"),
        default_action=read_action(block, "default_action", gaps),
        rules=tuple(sorted(rules, key=lambda rule: rule.priority)),
    )


def _readable(rule: Resource, gaps: Gaps) -> bool:
    if _matches_by_regex(rule):
        gaps.resource(rule, "its condition is a regular expression: the rule is left out")
        return False
    return True


def _rule(block: Resource, gaps: Gaps) -> ListenerRule:
    return block.read(
        ListenerRule, conditions=_all_conditions(block), action=read_action(block, "action", gaps)
    )


def _matches_by_regex(rule: Block) -> bool:
    """Whether a condition is a regular expression."""
    return any(
        inner.has("regex_values")
        for condition in rule.blocks("condition")
        for kind in _WITH_REGEX
        for inner in condition.blocks(kind)
    )


def _all_conditions(rule: Block) -> tuple[Condition, ...]:
    """Read all conditions of a rule. A block may have several. They are sorted by their repr: the
    state keeps them as a set, so their order means nothing."""
    found = [item for block in rule.blocks("condition") for item in _conditions(block)]
    if not found:
        rule.refuse("condition", "a rule without a condition")
    return tuple(sorted(found, key=repr))


def _conditions(block: Block) -> Iterator[Condition]:
    for inner in block.blocks("path_pattern"):
        yield PathPattern(_values(inner))
    for inner in block.blocks("host_header"):
        yield HostHeader(_values(inner))
    for inner in block.blocks("http_header"):
        yield HttpHeader(inner.text("http_header_name"), _values(inner))
    for inner in block.blocks("http_request_method"):
        yield HttpRequestMethod(_values(inner))
    for inner in block.blocks("source_ip"):
        yield SourceIp(_values(inner))
    if pairs := block.blocks("query_string"):
        yield QueryString(tuple(sorted((p.text("key", ""), p.text("value")) for p in pairs)))


def _values(block: Block) -> tuple[str, ...]:
    values = tuple(sorted(block.texts("values")))
    if not values:
        block.refuse("values", "a condition without a value")
    return values


_FINAL = ("forward", "redirect", "fixed-response")


def read_action(block: Resource, name: str, gaps: Gaps) -> Action:
    """The final action. An action before it (signing in) is noted, and the miniature lets requests
    pass."""
    actions = sorted(block.blocks(name), key=lambda action: action.integer("order", 1))
    final = [action for action in actions if action.text("type") in _FINAL]
    if len(final) != 1:
        block.refuse(name, f"exactly one action is of type {', '.join(_FINAL)}")
    for action in actions:
        if action is not final[0]:
            gaps.part(block, f"{name}.{action.text('type')}", "requests pass without signing in")
    match final[0].text("type"):
        case "redirect":
            return _redirect(final[0].required_block("redirect"))
        case "fixed-response":
            return _fixed_response(final[0].required_block("fixed_response"))
        case _:
            return _forward(final[0])


def _forward(action: Block) -> Forward:
    forward = action.block("forward")
    if forward is None:
        return Forward((WeightedTarget(action.text("target_group_arn")),))
    stickiness = forward.block("stickiness")
    sticky = stickiness is not None and stickiness.flag("enabled")
    targets = tuple(
        WeightedTarget(target.text("arn"), target.integer("weight", 1))
        for target in forward.blocks("target_group")
    )
    return Forward(
        targets=tuple(sorted(targets, key=lambda target: target.target_group_arn)),
        stickiness=stickiness.integer("duration") if stickiness and sticky else 0,
    )


def _redirect(block: Block) -> Redirect:
    status = block.choice("status_code", ("HTTP_301", "HTTP_302"))
    return block.read(Redirect, status=int(status.removeprefix("HTTP_")))


def _fixed_response(block: Block) -> FixedResponse:
    return FixedResponse(
        status=block.integer("status_code", 200),
        content_type=block.text("content_type"),
        body=block.text("message_body", ""),
    )


def read_target_groups(state: State, gaps: Gaps) -> tuple[TargetGroup, ...]:
    """Every target group that an Application Load Balancer can send requests to."""
    return tuple(_target_groups(state, gaps))


def _target_groups(state: State, gaps: Gaps) -> Iterator[TargetGroup]:
    for block in state.managed("aws_lb_target_group", "aws_alb_target_group"):
        target_type = block.text("target_type", "instance")
        if target_type in ("lambda", "alb"):
            gaps.resource(block, f"targets of type {target_type}")
        elif block.text("protocol") not in _HTTP:
            gaps.resource(block, f"protocol {block.text('protocol')}: only HTTP and HTTPS run here")
        else:
            yield _target_group(block)


def _target_group(block: Resource) -> TargetGroup:
    version = block.text("protocol_version", "HTTP1")
    health_check = block.block("health_check") or Block(block.address, {}, "health_check")
    stickiness = block.block("stickiness")
    sticky = stickiness is not None and stickiness.flag("enabled", True)
    return block.read(
        TargetGroup,
        health_check=_health_check(health_check, version),
        protocol_version=version,
        algorithm=block.text("load_balancing_algorithm_type", "round_robin"),
        stickiness=stickiness.integer("cookie_duration", 86400) if stickiness and sticky else 0,
    )


def _health_check(block: Block, version: str) -> TargetHealthCheck:
    """Defaults: "Health checks for Application Load Balancer target groups",
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    grpc = version == "GRPC"
    return block.read(
        TargetHealthCheck,
        path=block.text("path", "") or ("/AWS.ALB/healthcheck" if grpc else "/"),
        port=block.text("port", "") or "traffic-port",
        matcher=block.text("matcher", "") or ("12" if grpc else "200"),
    )
