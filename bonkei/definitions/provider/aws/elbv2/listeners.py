"""Elastic Load Balancing: listeners and their rules.

Limits: "Quotas for your Application Load Balancers",
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.elbv2.listener_actions import action_values, minted_actions
from bonkei.definitions.provider.aws.shared.blocks import each, first
from bonkei.definitions.provider.aws.shared.checks import at, between, matches, unsure
from bonkei.definitions.provider.aws.shared.formats import arn, cidr
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given


def _listener(mint: Mint) -> Mapping[str, Value]:
    """`…:listener/app/<load balancer>/<its id>/<own id>`"""
    balancer = str(mint.given("load_balancer_arn"))
    suffix = balancer.partition(":loadbalancer/")[2]
    identifier = (
        mint.given("arn")
        or _same_listener(mint, balancer)
        or mint.arn("elasticloadbalancing", f"listener/{suffix}/{mint.random(16)}")
    )
    _refuse_taken_port(mint, balancer, str(identifier))
    protocol = mint.given("protocol") or ("HTTP" if suffix.startswith("app/") else None)
    return {
        "id": identifier,
        "arn": identifier,
        "protocol": protocol,
        "ssl_policy": _DEFAULT_SSL_POLICY if protocol in ("HTTPS", "TLS") else "",
        "tcp_idle_timeout_seconds": 350 if protocol == "TCP" else None,
        "default_action": minted_actions(mint, "default_action"),
        "routing_http_response_server_enabled": True,
        **{name: "" for name in mint.planned if _is_header_argument(name)},
    }


_DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08"


def _is_header_argument(name: str) -> bool:
    return name.startswith("routing_http_") and not name.endswith("server_enabled")


_SETTINGS = (
    *("protocol", "certificate_arn", "ssl_policy", "alpn_policy", "default_action"),
    "mutual_authentication",
)
"""The arguments of CreateListener besides the load balancer, the port and tags."""


def _same_listener(mint: Mint, balancer: str) -> str | None:
    """The ARN of a listener with the same settings. A second identical CreateListener succeeds and
    returns the first listener.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
    """
    return next(
        (
            str(other.get("arn"))
            for other in _at_the_port(mint, balancer)
            if all(_agrees(mint.planned.get(name), other.get(name)) for name in _SETTINGS)
        ),
        None,
    )


def _agrees(planned: Value, there: Value) -> bool:
    """Whether a planned value equals the existing one. An unknown value is AWS's to choose, so it
    agrees."""
    if planned is UNKNOWN:
        return True
    if isinstance(planned, Mapping) and isinstance(there, Mapping):
        return all(_agrees(value, there.get(name)) for name, value in planned.items())
    if isinstance(planned, list) and isinstance(there, list):
        return len(planned) == len(there) and all(map(_agrees, planned, there))
    return bool(planned == there or not (planned or there))


def _at_the_port(mint: Mint, balancer: str) -> Iterator[Object]:
    port = mint.given("port")
    for other in mint.context.peers("aws_lb_listener"):
        if port is not None and (other.get("load_balancer_arn"), other.get("port")) == (
            balancer,
            port,
        ):
            yield other


def _refuse_taken_port(mint: Mint, balancer: str, own: str) -> None:
    for other in _at_the_port(mint, balancer):
        if other.get("arn") != own:
            raise Refused(
                "DuplicateListener: a listener with that port exists",
                f"Port {other.get('port')} of the load balancer is taken by {other.get('arn')},"
                " but with different settings.",
                ("port",),
            )


def _listener_fits(config: Object) -> Iterator[Problem]:
    protocol = config.get("protocol")
    if not given(protocol):
        return
    secure = str(protocol).upper() in ("HTTPS", "TLS")
    if secure and config.get("certificate_arn") is None:
        detail = f'A listener of protocol {protocol} needs a "certificate_arn".'
        yield Problem(("protocol",), "Missing argument", detail)
    for name in () if secure else ("certificate_arn", "ssl_policy"):
        if given(config.get(name)) and config[name] != "":
            detail = f'A listener of protocol {protocol} has no "{name}".'
            yield Problem((name,), "Conflicting arguments", detail)


def _listener_rule(mint: Mint) -> Mapping[str, Value]:
    listener = str(mint.given("listener_arn"))
    suffix = listener.partition(":listener/")[2]
    identifier = mint.arn("elasticloadbalancing", f"listener-rule/{suffix}/{mint.random(16)}")
    return {
        "id": identifier,
        "arn": identifier,
        **_priority(mint, listener, identifier),
        "action": minted_actions(mint, "action"),
    }


def _priority(mint: Mint, listener: str, own: str) -> Mapping[str, Value]:
    """Above the highest of the listener's rules, as the AWS provider chooses it.

    Two rules of one listener cannot have the same priority (PriorityInUse).
    """
    taken = {
        rule.get("priority"): rule.get("arn")
        for rule in mint.context.peers("aws_lb_listener_rule")
        if rule.get("listener_arn") == listener and rule.get("arn") != own
    }
    chosen = mint.given("priority")
    if chosen is not None and chosen in taken:
        raise Refused(
            f"PriorityInUse: priority {chosen} is in use",
            f"{taken[chosen]} has it; no two rules of a listener share a priority.",
            ("priority",),
        )
    numbers = [int(number) for number in taken if isinstance(number, int)]
    if mint.planned.get("priority") is not UNKNOWN:
        return {}
    # Terraform creates rules in parallel, so each adds a number of its own.
    step = mint.context.sequence(f"priority/{listener}")
    return {"priority": max(numbers, default=0) + step}


def _one_condition(config: Object) -> Iterator[Problem]:
    """A condition block names one field; a rule has at most five values in all."""
    names = (
        "host_header",
        "http_header",
        "http_request_method",
        "path_pattern",
        "query_string",
        "source_ip",
    )
    count = 0
    for index, condition in enumerate(each(config.get("condition"))):
        there = [name for name in names if first(condition.get(name))]
        if len(there) != 1 and not any(unsure(condition.get(name)) for name in names):
            detail = "A condition has exactly one of " + ", ".join(names) + "."
            yield Problem(("condition", index), "Invalid condition", detail)
        for name in there:
            blocks = list(each(condition.get(name)))
            values = [first(condition[name]).get("values")] if name != "query_string" else [blocks]
            count += sum(len(value) for value in values if isinstance(value, list))
    if count > 5:
        detail = f"A rule has at most 5 condition values, here are {count}. Make two rules of it."
        yield Problem(("condition",), "Too many condition values", detail)


_LISTENER = resource(
    _listener,
    at("load_balancer_arn", arn("elasticloadbalancing", resource="loadbalancer/")),
    at("certificate_arn", arn("acm", "iam")),
    at("ssl_policy", matches(r"ELBSecurityPolicy-[\w-]+|", "an ELBSecurityPolicy-…")),
    *action_values("default_action"),
    _listener_fits,
)


_LISTENER_RULE = resource(
    _listener_rule,
    at("listener_arn", arn("elasticloadbalancing", resource="listener/")),
    at("priority", between(1, 50000)),
    *action_values("action"),
    at(
        "condition.http_request_method.values",
        matches(r"[A-Z_-]{1,40}", "a method in upper case"),
    ),
    at("condition.source_ip.values", cidr()),
    _one_condition,
)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_lb_listener": _LISTENER,
    "aws_alb_listener": _LISTENER,
    "aws_lb_listener_rule": _LISTENER_RULE,
    "aws_alb_listener_rule": _LISTENER_RULE,
    "aws_lb_listener_certificate": resource(
        lambda mint: {"id": f"{mint.given('listener_arn')}_{mint.given('certificate_arn')}"},
        at("listener_arn", arn("elasticloadbalancing", resource="listener/")),
        at("certificate_arn", arn("acm", "iam")),
    ),
}
