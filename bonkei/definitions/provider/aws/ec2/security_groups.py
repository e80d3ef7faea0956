"""Security groups and their rules.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.checks import (
    Rule,
    at,
    between,
    exactly_one,
    lacks,
    length,
    matches,
    one_of,
    within,
)
from bonkei.definitions.provider.aws.shared.formats import ipv4, ipv6
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_PROTOCOLS = {"-1": "all", "all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
_DESCRIPTION = r"[a-zA-Z0-9._\-:/()#,@\[\]+=&;{}!$* ]*"
_SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_description = matches(_DESCRIPTION, "letters, digits, blanks and ._-:/()#,@[]+=&;{}!$*")


def _protocol(value: Value) -> str | None:
    name = str(value).lower()
    if name in _PROTOCOLS or (name.isdigit() and int(name) <= 255):
        return None
    return (
        f'"{value}" is not a protocol: expected tcp, udp, icmp, icmpv6, -1 or a number up to 255.'
    )


def _ports(protocol_argument: str, *, ignored_for_all: bool = False) -> Rule:
    """`from_port` is at most `to_port`. For all protocols there are no ports. For ICMP they are a
    type and a code, -1 for all. `ignored_for_all`: the provider does not send the ports of a rule
    for all protocols.
    """

    def rule(config: Object) -> Iterator[Problem]:
        protocol = config.get(protocol_argument)
        if not given(protocol):
            return
        ports = {name: config.get(name) for name in ("from_port", "to_port")}
        if str(protocol).lower() in ("-1", "all"):
            if ignored_for_all:
                return
            yield from _no_ports(ports, f'{protocol_argument} "{protocol}"')
        elif str(protocol).lower() in ("tcp", "6", "udp", "17"):
            if None in ports.values():
                detail = f'{protocol_argument} "{protocol}" needs from_port and to_port.'
                yield Problem((protocol_argument,), "Missing argument", detail)
            yield from _port_range(ports)

    return rule


def _no_ports(ports: Mapping[str, Value], said: str) -> Iterator[Problem]:
    for name, port in ports.items():
        if given(port) and port not in (0, -1):
            detail = f"With {said} (all traffic) there are no ports: leave {name} out, or 0."
            yield Problem((name,), "Invalid port", detail)


def _port_range(ports: Mapping[str, Value]) -> Iterator[Problem]:
    for name, port in ports.items():
        if given(port) and (wrong := between(0, 65535)(port)):
            yield Problem((name,), "Invalid port", wrong)
    low, high = ports["from_port"], ports["to_port"]
    if given(low) and given(high) and int(low or 0) > int(high or 0):
        detail = f"from_port ({low}) is above to_port ({high})."
        yield Problem(("from_port",), "Invalid port range", detail)


def _group(mint: Mint) -> Mapping[str, Value]:
    return {**ec2(mint, "security-group", mint.id("sg")), "name": mint.name()}


def _default_group(mint: Mint) -> Mapping[str, Value]:
    """Adopts the default group of its VPC."""
    vpc = mint.peer("aws_vpc", mint.given("vpc_id"))
    identifier = vpc.get("default_security_group_id") or mint.id("sg")
    return {
        **ec2(mint, "security-group", identifier),
        "name": "default",
        "description": "default VPC security group",
    }


def _vpc_rule(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("sgr")
    return {
        "id": identifier,
        "security_group_rule_id": identifier,
        "arn": mint.arn("ec2", f"security-group-rule/{identifier}"),
    }


def _classic_rule(mint: Mint) -> Mapping[str, Value]:
    """The provider makes the id: `sgrule-` and a checksum of the rule's arguments."""
    said = repr(sorted((name, repr(value)) for name, value in mint.planned.items()))
    return {
        "id": f"sgrule-{zlib.crc32(f'{mint.context.token}{said}'.encode())}",
        "security_group_rule_id": mint.id("sgr"),
    }


def _classic_source(config: Object) -> Iterator[Problem]:
    names = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id")
    if config.get("self") in (None, False) and all(
        config.get(name) is None or config.get(name) == [] for name in names
    ):
        listed = ", ".join(f'"{name}"' for name in (*names, "self"))
        yield Problem((), "Missing argument", f"One of {listed} must be given.")


_CLASSIC = (
    at("cidr_blocks", ipv4),
    at("ipv6_cidr_blocks", ipv6),
    at("protocol", _protocol),
    at("description", length(0, 255), _description),
)
_INLINE = (*_CLASSIC, _ports("protocol"))
_RULE = resource(
    _vpc_rule,
    at("cidr_ipv4", ipv4),
    at("cidr_ipv6", ipv6),
    at("ip_protocol", _protocol),
    at("description", length(0, 255), _description),
    at("prefix_list_id", matches(r"pl-[0-9a-f]{8,17}", "a prefix list's id (pl-…)")),
    exactly_one(*_SOURCES),
    _ports("ip_protocol"),
)

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_security_group": resource(
        _group,
        at("name", length(1, 255), lacks("^sg-", 'begin with "sg-"')),
        at("name_prefix", length(1, 100), lacks("^sg-", 'begin with "sg-"')),
        at("description", _description),
        *(within(block, rule) for block in ("ingress", "egress") for rule in _INLINE),
    ),
    "aws_default_security_group": resource(
        _default_group,
        *(within(block, rule) for block in ("ingress", "egress") for rule in _INLINE),
    ),
    "aws_vpc_security_group_ingress_rule": _RULE,
    "aws_vpc_security_group_egress_rule": _RULE,
    "aws_security_group_rule": resource(
        _classic_rule,
        at("type", one_of("ingress", "egress")),
        *_CLASSIC,
        _ports("protocol", ignored_for_all=True),
        _classic_source,
    ),
}
