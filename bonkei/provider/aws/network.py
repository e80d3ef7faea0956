"""Amazon VPC: networks, access lists, flow logs, prefix lists, DHCP options.

Ids: "Resource IDs", https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.checks import at, between, conflicts, exactly_one, matches, one_of
from bonkei.provider.aws.formats import arn, cidr, ipv4, ipv6
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.aws.seeds import HEX, scatter
from bonkei.provider.behaviour import ResourceBehaviour
from bonkei.provider.values import Value


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
    """From Amazon's pool in form; the prefix itself is the one reserved for documentation."""
    digits = mint.random(6, HEX, "ipv6")
    return f"2001:db8:{digits[:4]}:{digits[4:]}00::/56"


def _network_acl(mint: Mint) -> Mapping[str, Value]:
    return ec2(mint, "network-acl", mint.id("acl"))


def _flow_log(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("fl")
    return {"id": identifier, "arn": mint.arn("ec2", f"vpc-flow-log/{identifier}")}


def _prefix_list(mint: Mint) -> Mapping[str, Value]:
    return {
        **ec2(mint, "prefix-list", mint.id("pl")),
        "version": mint.context.generation,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_vpc": resource(
        _vpc,
        at("cidr_block", cidr(4, 16, 28)),
        at("instance_tenancy", one_of("default", "dedicated")),
        exactly_one("cidr_block", "ipv4_ipam_pool_id"),
        conflicts("assign_generated_ipv6_cidr_block", "ipv6_ipam_pool_id"),
        force_new="cidr_block ipv4_ipam_pool_id ipv4_netmask_length",
        defaults={"enable_dns_hostnames": False, "enable_network_address_usage_metrics": False},
        arguments={"enable_dns_support": True, "instance_tenancy": "default"},
    ),
    "aws_network_acl": resource(_network_acl, force_new="vpc_id"),
    "aws_default_network_acl": resource(
        lambda mint: ec2(mint, "network-acl", str(mint.given("default_network_acl_id"))),
        force_new="default_network_acl_id",
    ),
    "aws_network_acl_rule": resource(
        lambda mint: {"id": f"nacl-{scatter(mint.context.token, 9, '0123456789')}"},
        at("cidr_block", ipv4),
        at("ipv6_cidr_block", ipv6),
        at("rule_action", one_of("allow", "deny")),
        at("rule_number", between(1, 32766)),
        exactly_one("cidr_block", "ipv6_cidr_block"),
        force_new="network_acl_id rule_number egress protocol rule_action cidr_block"
        " ipv6_cidr_block from_port to_port icmp_type icmp_code",
        arguments={"egress": False},
    ),
    "aws_flow_log": resource(
        _flow_log,
        at("traffic_type", one_of("ACCEPT", "REJECT", "ALL")),
        at("log_destination_type", one_of("cloud-watch-logs", "s3", "kinesis-data-firehose")),
        at("max_aggregation_interval", one_of(60, 600)),
        at("iam_role_arn", arn("iam")),
        at("log_destination", arn("logs", "s3", "firehose")),
        exactly_one(
            "eni_id",
            "regional_nat_gateway_id",
            "subnet_id",
            "transit_gateway_attachment_id",
            "transit_gateway_id",
            "vpc_id",
        ),
        force_new="deliver_cross_account_role destination_options eni_id iam_role_arn"
        " log_destination log_destination_type log_format max_aggregation_interval"
        " regional_nat_gateway_id subnet_id tag_field_specification traffic_type"
        " transit_gateway_attachment_id transit_gateway_id vpc_id",
        defaults={
            "log_format": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr}"
            " ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end}"
            " ${action} ${log-status}"
        },
        arguments={"log_destination_type": "cloud-watch-logs", "max_aggregation_interval": 600},
    ),
    "aws_ec2_managed_prefix_list": resource(
        _prefix_list,
        at("address_family", one_of("IPv4", "IPv6")),
        at("entry.cidr", cidr()),
        at("name", matches(r"(?!com\.amazonaws).{1,255}", "a name outside of com.amazonaws")),
        force_new="address_family",
        recomputed={"version": "entry"},
    ),
    "aws_ec2_managed_prefix_list_entry": resource(
        lambda mint: {"id": f"{mint.given('prefix_list_id')},{mint.given('cidr')}"},
        at("cidr", cidr()),
        force_new="prefix_list_id cidr description",
    ),
    "aws_vpc_dhcp_options": resource(
        lambda mint: ec2(mint, "dhcp-options", mint.id("dopt")),
        force_new="domain_name domain_name_servers ntp_servers netbios_name_servers"
        " netbios_node_type ipv6_address_preferred_lease_time",
    ),
    "aws_vpc_dhcp_options_association": resource(
        lambda mint: {"id": f"{mint.given('dhcp_options_id')}-{mint.given('vpc_id')}"},
        force_new="vpc_id dhcp_options_id",
    ),
}
