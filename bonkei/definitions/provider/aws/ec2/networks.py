"""Amazon VPC: networks, access lists, flow logs, prefix lists, DHCP options.

Ids: "Resource IDs", https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, exactly_one, matches, one_of
from bonkei.definitions.provider.aws.shared.formats import arn, cidr, ipv4, ipv6
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def ec2(mint: Mint, kind: str, identifier: str) -> Mapping[str, Value]:
    return {
        "id": identifier,
        "arn": mint.arn("ec2", f"{kind}/{identifier}"),
        "owner_id": mint.account,
    }


def _vpc(mint: Mint) -> Mapping[str, Value]:
    main_table = mint.id("rtb", "main")
    return {
        **ec2(mint, "vpc", mint.id("vpc")),
        "main_route_table_id": main_table,
        "default_route_table_id": main_table,
        "default_network_acl_id": mint.id("acl", "default"),
        "default_security_group_id": mint.id("sg", "default"),
        "dhcp_options_id": f"dopt-0{scatter(f'{mint.account}/{mint.region}', 16, HEX)}",
        "ipv6_association_id": mint.id("vpc-cidr-assoc") if _asks_ipv6(mint) else "",
        "ipv6_cidr_block": _ipv6_block(mint) if _asks_ipv6(mint) else "",
        "ipv6_cidr_block_network_border_group": mint.region if _asks_ipv6(mint) else "",
    }


def _asks_ipv6(mint: Mint) -> bool:
    return mint.given("assign_generated_ipv6_cidr_block") is True


def _ipv6_block(mint: Mint) -> str:
    """It has the form of Amazon's pool, with the prefix that is reserved for documentation."""
    digits = mint.random(6, HEX, "ipv6")
    return f"2001:db8:{digits[:4]}:{digits[4:]}00::/56"


def _flow_log(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("fl")
    return {"id": identifier, "arn": mint.arn("ec2", f"vpc-flow-log/{identifier}")}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_vpc": resource(
        _vpc,
        at("cidr_block", cidr(4, 16, 28)),
        at("instance_tenancy", one_of("default", "dedicated")),
        exactly_one("cidr_block", "ipv4_ipam_pool_id"),
        defaults={"enable_dns_hostnames": False, "enable_network_address_usage_metrics": False},
    ),
    "aws_network_acl": resource(lambda mint: ec2(mint, "network-acl", mint.id("acl"))),
    "aws_default_network_acl": resource(
        lambda mint: ec2(mint, "network-acl", str(mint.given("default_network_acl_id"))),
    ),
    "aws_network_acl_rule": resource(
        lambda mint: {"id": f"nacl-{scatter(mint.context.token, 9, '0123456789')}"},
        at("cidr_block", ipv4),
        at("ipv6_cidr_block", ipv6),
        at("rule_number", between(1, 32766)),
    ),
    "aws_flow_log": resource(
        _flow_log,
        at("iam_role_arn", arn("iam")),
        at("log_destination", arn("logs", "s3", "firehose")),
        defaults={
            "log_format": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr}"
            " ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end}"
            " ${action} ${log-status}"
        },
    ),
    "aws_ec2_managed_prefix_list": resource(
        lambda mint: {
            **ec2(mint, "prefix-list", mint.id("pl")),
            "version": mint.context.generation,
        },
        at("entry.cidr", cidr()),
        at("name", matches(r"(?!com\.amazonaws).{1,255}", "a name outside of com.amazonaws")),
        recomputed={"version": "entry"},
    ),
    "aws_ec2_managed_prefix_list_entry": resource(
        lambda mint: {"id": f"{mint.given('prefix_list_id')},{mint.given('cidr')}"},
        at("cidr", cidr()),
    ),
    "aws_vpc_dhcp_options": resource(lambda mint: ec2(mint, "dhcp-options", mint.id("dopt"))),
    "aws_vpc_dhcp_options_association": resource(
        lambda mint: {"id": f"{mint.given('dhcp_options_id')}-{mint.given('vpc_id')}"},
    ),
}
