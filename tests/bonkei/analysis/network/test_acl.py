"""Network ACLs, after "Control subnet traffic with network access control lists"."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.analysis.network.acl import acl_obstacle, acl_obstacle_to_gateway_endpoint
from bonkei.blueprint import read
from bonkei.blueprint.ec2 import AclRule, Network, NetworkAcl, Subnet

APP = Subnet("aws_subnet.app", "arn", "app", "vpc", "10.0.1.0/24", "a", "rtb")
DATA = Subnet("aws_subnet.data", "arn", "data", "vpc", "10.0.2.0/24", "a", "rtb")
OPEN = ("0.0.0.0/0", 0, 65535)


def rule(direction: Any, number: int, allows: bool, cidr: str, low: int, high: int) -> AclRule:
    return AclRule(direction, number, allows, "tcp", cidr, low, high)


def network(*rules: AclRule, of: str = "data") -> Network:
    return Network(acls=(NetworkAcl(f"aws_network_acl.{of}", "acl", "vpc", (of,), rules),))


IN, OUT = rule("ingress", 100, True, "10.0.1.0/24", 5432, 5432), rule("egress", 100, True, *OPEN)


@pytest.mark.parametrize(
    ("found", "obstacle"),
    [
        (Network(), ""),
        (network(IN, OUT), ""),
        (network(OUT), "aws_network_acl.data lets nothing into aws_subnet.data on port 5432"),
        # Stateless: "responses to allowed inbound traffic" need their own rule.
        (network(IN), "aws_network_acl.data lets no answers out of aws_subnet.data"),
        # "Rules are evaluated starting with the lowest numbered rule."
        (network(rule("ingress", 50, False, *OPEN), IN, OUT), "lets nothing into"),
        (network(IN, OUT, rule("ingress", 200, False, *OPEN)), ""),
        (network(rule("ingress", 100, True, "10.0.9.0/24", 5432, 5432), OUT), "lets nothing into"),
        (network(rule("egress", 1, True, "0.0.0.0/0", 443, 443), of="app"),
         "aws_network_acl.app lets nothing out of aws_subnet.app on port 5432"),
        (network(rule("egress", 1, True, *OPEN), of="app"),
         "aws_network_acl.app lets no answers into aws_subnet.app"),
    ],
)  # fmt: skip
def test_an_acl(found: Network, obstacle: str) -> None:
    why = acl_obstacle(found, APP, DATA, 5432)
    assert why.endswith(obstacle) if obstacle.startswith("aws") or not obstacle else obstacle in why


HTTPS_OUT, ANSWERS = (443, 443), (1024, 65535)


@pytest.mark.parametrize(
    ("rules", "is_open"),
    [
        ((rule("egress", 1, True, "0.0.0.0/0", *HTTPS_OUT),
          rule("ingress", 1, True, "0.0.0.0/0", *ANSWERS)), True),
        # Some of S3's addresses: an ACL cannot name a prefix list.
        ((rule("egress", 1, True, "52.219.0.0/16", *HTTPS_OUT),
          rule("ingress", 1, True, "52.219.0.0/16", *ANSWERS)), True),
        ((rule("egress", 1, True, "10.0.0.0/8", *OPEN[1:]),
          rule("ingress", 1, True, "10.0.0.0/8", *OPEN[1:])), False),
        ((rule("egress", 1, True, "0.0.0.0/0", *HTTPS_OUT),), False),
        ((rule("egress", 1, False, *OPEN), rule("egress", 2, True, *OPEN),
          rule("ingress", 2, True, *OPEN)), False),
    ],
)  # fmt: skip
def test_an_acl_before_a_gateway_endpoint(rules: tuple[AclRule, ...], is_open: bool) -> None:
    why = acl_obstacle_to_gateway_endpoint(network(*rules, of="app"), APP)
    assert why.startswith("" if is_open else "aws_network_acl.app lets no")
    assert bool(why) is not is_open
    assert acl_obstacle_to_gateway_endpoint(network(of="data"), APP) == ""


def test_within_a_subnet_no_acl_applies() -> None:
    assert acl_obstacle(network(of="app"), APP, APP, 5432) == ""
    assert acl_obstacle(network(of="app"), APP, None, 443)


def entry(address: str, **values: Any) -> dict[str, Any]:
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".", maxsplit=1)[0],
        "values": values,
    }


def test_acls_are_read_in_both_spellings() -> None:
    state = [
        entry("aws_network_acl.a", id="acl-1", vpc_id="vpc", subnet_ids=["data"], ingress=[
            {"rule_no": 5, "action": "allow", "protocol": "6", "from_port": 1, "to_port": 2,
             "cidr_block": "10.0.0.0/8"}]),
        entry("aws_network_acl.b", id="acl-2", vpc_id="vpc", subnet_ids=[]),
        entry("aws_network_acl_association.b", network_acl_id="acl-2", subnet_id="app"),
        entry("aws_network_acl_rule.b", network_acl_id="acl-2", rule_number=7, egress=True,
              protocol="-1", rule_action="deny", cidr_block="0.0.0.0/0"),
    ]  # fmt: skip
    first, second = read({"values": {"root_module": {"resources": state}}}).network.acls
    assert first.rules == (rule("ingress", 5, True, "10.0.0.0/8", 1, 2),)
    assert second.subnet_ids == ("app",)
    assert second.rules == (AclRule("egress", 7, False, "-1", "0.0.0.0/0", 0, 65535),)
