"""aws_network_acl and aws_default_network_acl, with the three ways to write their rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bonkei.blueprint.ec2 import AclRule, NetworkAcl
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block

_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def read_acls(state: State) -> tuple[NetworkAcl, ...]:
    """Every ACL with declared settings. A VPC's default ACL allows everything."""
    return tuple(
        NetworkAcl(
            address=block.address,
            id=block.text("id"),
            vpc_id=block.text("vpc_id", ""),
            subnet_ids=tuple(sorted(_subnets(block, state))),
            rules=tuple(sorted(_rules(block, state), key=lambda rule: rule.number)),
        )
        for block in state.managed("aws_network_acl", "aws_default_network_acl")
    )


def _subnets(acl: Resource, state: State) -> set[str]:
    found = {*acl.texts("subnet_ids")}
    for each in state.managed("aws_network_acl_association"):
        if each.text("network_acl_id") == acl.text("id"):
            found.add(each.text("subnet_id"))
    return found


def _rules(acl: Resource, state: State) -> Iterator[AclRule]:
    own = [
        rule
        for rule in state.managed("aws_network_acl_rule")
        if rule.text("network_acl_id") == acl.text("id")
    ]
    for rule in own:
        outward = rule.flag("egress")
        yield _rule(rule, "egress" if outward else "ingress", "rule_number", "rule_action")
    if own:  # the state repeats the rules in the ACL's computed arguments
        return
    for written in acl.blocks("ingress"):
        yield _rule(written, "ingress", "rule_no", "action")
    for written in acl.blocks("egress"):
        yield _rule(written, "egress", "rule_no", "action")


def _rule(
    block: Block, direction: Literal["ingress", "egress"], number: str, action: str
) -> AclRule:
    protocol = block.text("protocol", "-1").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    everything = protocol == "-1"
    return AclRule(
        direction=direction,
        number=block.integer(number),
        allows=block.text(action, "").lower() == "allow",
        protocol=protocol,
        cidr_block=block.text("cidr_block", "") or block.text("ipv6_cidr_block", ""),
        from_port=0 if everything else block.integer("from_port", 0),
        to_port=65535 if everything else block.integer("to_port", 65535),
    )
