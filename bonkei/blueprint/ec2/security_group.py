"""Security groups and their rules.

Read from aws_security_group and the three ways to write its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule, in any of the three forms. Peers are CIDR blocks, prefix lists and security groups.

    `protocol` is `-1` for all; the ports are then meaningless.
    """

    address: str
    direction: Literal["ingress", "egress"]
    protocol: str
    from_port: int
    to_port: int
    cidr_blocks: tuple[str, ...] = ()
    prefix_list_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()

    def covers(self, protocol: str, port: int) -> bool:
        """Whether the rule applies to this protocol and port."""
        if self.protocol == "-1":
            return True
        return self.protocol == protocol and self.from_port <= port <= self.to_port


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Traffic without an allowing rule is denied."""

    address: str
    arn: str
    id: str
    name: str = ""
    vpc_id: str = ""
    rules: tuple[SecurityGroupRule, ...] = ()

    def ingress(self) -> tuple[SecurityGroupRule, ...]:
        """The rules for inbound traffic."""
        return tuple(rule for rule in self.rules if rule.direction == "ingress")

    def egress(self) -> tuple[SecurityGroupRule, ...]:
        """The rules for outbound traffic."""
        return tuple(rule for rule in self.rules if rule.direction == "egress")


# "The IP protocol name or number": IpPermission (Amazon EC2 API Reference).
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_ANY_PORT = (0, 65535)


def read_security_groups(state: State) -> tuple[SecurityGroup, ...]:
    """Every security group with all of its rules."""
    return tuple(
        block.read(SecurityGroup, rules=tuple(_rules(block, state)))
        for block in state.managed("aws_security_group", "aws_default_security_group")
    )


def _rules(group: Resource, state: State) -> Iterator[SecurityGroupRule]:
    group_id = group.text("id")
    own = list(_resource_rules(group_id, state))
    yield from own
    # If there are separate rules for a direction, the state repeats them in that computed argument.
    stated = {rule.direction for rule in own}
    if "ingress" not in stated:
        for item in group.blocks("ingress"):
            yield _rule(item, "ingress", group_id, item.text("protocol"))
    if "egress" not in stated:
        for item in group.blocks("egress"):
            yield _rule(item, "egress", group_id, item.text("protocol"))


def _resource_rules(group_id: str, state: State) -> Iterator[SecurityGroupRule]:
    for block in state.managed("aws_security_group_rule"):
        if block.text("security_group_id") == group_id:
            ingress = block.choice("type", ("ingress", "egress")) == "ingress"
            direction: Literal["ingress", "egress"] = "ingress" if ingress else "egress"
            yield _rule(block, direction, group_id, block.text("protocol"))
    for block in state.managed("aws_vpc_security_group_ingress_rule"):
        if block.text("security_group_id") == group_id:
            yield _rule(block, "ingress", group_id, block.text("ip_protocol"))
    for block in state.managed("aws_vpc_security_group_egress_rule"):
        if block.text("security_group_id") == group_id:
            yield _rule(block, "egress", group_id, block.text("ip_protocol"))


def _rule(
    block: Block, direction: Literal["ingress", "egress"], group_id: str, protocol: str
) -> SecurityGroupRule:
    protocol = _PROTOCOLS.get(protocol.lower(), protocol.lower())
    everything = protocol == "-1"
    return SecurityGroupRule(
        address=block.address,
        direction=direction,
        protocol=protocol,
        from_port=_ANY_PORT[0] if everything else block.integer("from_port", _ANY_PORT[0]),
        to_port=_ANY_PORT[1] if everything else block.integer("to_port", _ANY_PORT[1]),
        cidr_blocks=_values(block, ("cidr_blocks", "ipv6_cidr_blocks"), ("cidr_ipv4", "cidr_ipv6")),
        prefix_list_ids=_values(block, ("prefix_list_ids",), ("prefix_list_id",)),
        security_group_ids=_groups(block, group_id),
    )


def _groups(block: Block, group_id: str) -> tuple[str, ...]:
    single = ("source_security_group_id", "referenced_security_group_id")
    # In aws_security_group_rule, `self` is a flag; `security_groups` exists only in blocks.
    found = set(_values(block, ("security_groups",), single))
    if block.values.get("self") is True:
        found.add(group_id)
    # A group of another account is written as account/sg-id.
    return tuple(sorted(item.rpartition("/")[2] for item in found))


def _values(block: Block, lists: tuple[str, ...], single: tuple[str, ...]) -> tuple[str, ...]:
    found = {item for name in lists for item in block.texts(name)}
    found |= {block.text(name) for name in single if block.has(name)}
    return tuple(sorted(found))
