"""Amazon VPC: networks, subnets, routes, gateways, endpoints, flow logs.

Ids: "Resource IDs", https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
"""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterable, Iterator, Mapping

from bonkei.provider.aws.checks import (
    at,
    between,
    conflicts,
    exactly_one,
    matches,
    one_of,
    within,
)
from bonkei.provider.aws.documents import RESOURCE, policy, same_policy
from bonkei.provider.aws.formats import arn, cidr, ipv4, ipv6
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.aws.regions import endpoint_zone, gateway_prefix_list, zone_id, zone_names
from bonkei.provider.aws.seeds import HEX, LOWER, scatter
from bonkei.provider.behaviour import Context, Problem, Refused, ResourceBehaviour
from bonkei.provider.values import Object, Value, given

_SUBNET_TARGETS = (
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "odb_network_arn",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
)
_DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block")


def _ec2(mint: Mint, kind: str, identifier: str) -> Mapping[str, Value]:
    return {
        "id": identifier,
        "arn": mint.arn("ec2", f"{kind}/{identifier}"),
        "owner_id": mint.account,
    }


def _vpc(mint: Mint) -> Mapping[str, Value]:
    main_table = mint.id("rtb", "main")
    return {
        **_ec2(mint, "vpc", mint.id("vpc")),
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


def _subnet(mint: Mint) -> Mapping[str, Value]:
    _refuse_outside(mint)
    zones = zone_names(mint.region)
    spread = int(mint.random(4, HEX, "zone"), 16) % len(zones)
    zone = mint.given("availability_zone") or zones[spread]
    wanted = mint.given("availability_zone_id")
    by_id = next((name for name in zones if zone_id(name) == wanted), zone)
    identifier = mint.id("subnet")
    return {
        **_ec2(mint, "subnet", identifier),
        "availability_zone": by_id,
        "availability_zone_id": zone_id(by_id),
        "ipv6_cidr_block_association_id": (
            mint.id("subnet-cidr-assoc") if mint.given("ipv6_cidr_block") else ""
        ),
    }


def _refuse_outside(mint: Mint) -> None:
    """A subnet lies in its VPC (InvalidSubnet.Range) and crosses no other (InvalidSubnet.Conflict).

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    own, vpc_id = mint.given("cidr_block"), mint.given("vpc_id")
    if not own:
        return
    block = ipaddress.ip_network(own)
    for vpc in mint.context.peers("aws_vpc"):
        outer = vpc.get("cidr_block")
        if vpc.get("id") == vpc_id and outer and not _inside(block, outer):
            raise Refused(
                "InvalidSubnet.Range: the subnet lies outside its VPC",
                f"{own} is not a part of {outer}, the CIDR block of {vpc_id}.",
                ("cidr_block",),
            )
    for subnet in mint.context.peers("aws_subnet"):
        other = subnet.get("cidr_block") if subnet.get("id") != mint.id("subnet") else None
        if subnet.get("vpc_id") == vpc_id and other and block.overlaps(ipaddress.ip_network(other)):
            raise Refused(
                "InvalidSubnet.Conflict: the subnet overlaps another",
                f"{own} shares addresses with {other} ({subnet.get('id')}) in {vpc_id}.",
                ("cidr_block",),
            )


def _inside(block: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: str) -> bool:
    around = ipaddress.ip_network(outer)
    return (
        block.version == around.version
        and block.overlaps(around)
        and (block.prefixlen >= around.prefixlen)
    )


def _internet_gateway(mint: Mint) -> Mapping[str, Value]:
    return _ec2(mint, "internet-gateway", mint.id("igw"))


def _egress_only_gateway(mint: Mint) -> Mapping[str, Value]:
    return {"id": mint.id("eigw")}


def public_address(mint: Mint, label: str = "") -> str:
    """An address that looks public and that no route leads to (RFC 2544: 198.18.0.0/15)."""
    third, fourth = (int(mint.random(2, HEX, f"{label}{part}"), 16) for part in "cd")
    second = 18 + int(mint.random(1, HEX, f"{label}b"), 16) % 2
    return f"198.{second}.{third}.{fourth}"


def _private_address(mint: Mint, subnet_id: Value, label: str = "") -> str:
    """An address in the subnet, past the five that AWS keeps; of 10.0.0.0/8 if that is unknown."""
    blocks = [
        subnet["cidr_block"]
        for subnet in mint.context.peers("aws_subnet")
        if subnet.get("id") == subnet_id and subnet.get("cidr_block")
    ]
    network = ipaddress.ip_network(blocks[0] if blocks else "10.0.0.0/8")
    place = int(mint.random(8, HEX, f"private/{label}"), 16) % max(network.num_addresses - 5, 1)
    return str(network[min(place + 4, network.num_addresses - 1)])


def _elastic_ip(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("eipalloc")
    public = public_address(mint)
    dashed = public.replace(".", "-")
    host = "compute-1" if mint.region == "us-east-1" else f"{mint.region}.compute"
    attached = mint.given("instance") or mint.given("network_interface")
    return {
        "id": identifier,
        "allocation_id": identifier,
        "arn": mint.arn("ec2", f"elastic-ip/{identifier}"),
        "association_id": mint.id("eipassoc") if attached else "",
        "public_ip": public,
        "public_dns": f"ec2-{dashed}.{host}.{mint.suffix}",
        "network_border_group": mint.region,
        "public_ipv4_pool": "amazon",
    }


def _nat_gateway(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("nat")
    allocation = mint.given("allocation_id")
    addresses = {
        address.get("allocation_id"): address.get("public_ip")
        for address in mint.context.peers("aws_eip")
    }
    return {
        "id": identifier,
        "network_interface_id": mint.id("eni"),
        "association_id": mint.id("eipassoc") if allocation else "",
        "private_ip": _private_address(mint, mint.given("subnet_id")),
        "public_ip": (addresses.get(allocation) or public_address(mint)) if allocation else "",
        "vpc_id": next(
            (
                subnet.get("vpc_id")
                for subnet in mint.context.peers("aws_subnet")
                if subnet.get("id") == mint.given("subnet_id")
            ),
            None,
        ),
    }


def _nat_needs_address(config: Object) -> Iterator[Problem]:
    """A public zonal NAT gateway sends from an Elastic IP address, a private one has none."""
    kind, mode = config.get("connectivity_type"), config.get("availability_mode")
    if not (kind is None or given(kind)) or mode not in (None, "zonal"):
        return
    if kind != "private" and config.get("allocation_id") is None:
        yield Problem((), "Missing argument", 'A public NAT gateway needs an "allocation_id".')
    if kind == "private" and given(config.get("allocation_id")):
        detail = 'A private NAT gateway (connectivity_type = "private") has no Elastic IP address.'
        yield Problem(("allocation_id",), "Conflicting arguments", detail)
    if config.get("subnet_id") is None:
        yield Problem((), "Missing argument", 'A zonal NAT gateway needs a "subnet_id".')


def _route_table(mint: Mint) -> Mapping[str, Value]:
    return _ec2(mint, "route-table", mint.id("rtb"))


def _default_route_table(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.given("default_route_table_id") or mint.id("rtb")
    vpcs = [
        vpc.get("id")
        for vpc in mint.context.peers("aws_vpc")
        if vpc.get("default_route_table_id") == identifier
    ]
    return {**_ec2(mint, "route-table", identifier), "vpc_id": vpcs[0] if vpcs else None}


def _route(mint: Mint) -> Mapping[str, Value]:
    """The id is the provider's own: `r-`, the table's id, a checksum of the destination."""
    names = (*_DESTINATIONS, "destination_prefix_list_id")
    destination = next((str(mint.given(name)) for name in names if mint.given(name)), "")
    return {
        "id": f"r-{mint.given('route_table_id')}{zlib.crc32(destination.encode())}",
        "origin": "CreateRoute",
        "state": "active",
        "instance_id": "",
        "instance_owner_id": "",
    }


def _own(prefix: str, name: str = "id") -> ResourceBehaviour:
    """A type that has an id of a prefix and nothing else."""
    return resource(lambda mint: {name: mint.id(prefix)})


def _network_acl(mint: Mint) -> Mapping[str, Value]:
    return _ec2(mint, "network-acl", mint.id("acl"))


def _endpoint(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("vpce")
    service = str(mint.given("service_name") or "")
    short = service.removeprefix(f"com.amazonaws.{mint.region}.")
    common = {
        "id": identifier,
        "arn": mint.arn("ec2", f"vpc-endpoint/{identifier}"),
        "owner_id": mint.account,
        "state": "available",
        "requester_managed": False,
        "policy": mint.given("policy") or _FULL_ACCESS,
        "service_region": mint.region,
        "ip_address_type": "ipv4",
    }
    if mint.given("vpc_endpoint_type") in (None, "Gateway"):
        return {
            **common,
            "prefix_list_id": gateway_prefix_list(mint.region, short),
            "cidr_blocks": [],
            "dns_entry": [],
            "network_interface_ids": [],
        }
    subnets = mint.given("subnet_ids") or []
    return {
        **common,
        "prefix_list_id": None,
        "dns_entry": _endpoint_names(mint, identifier, short),
        "network_interface_ids": [mint.id("eni", f"eni/{subnet}") for subnet in sorted(subnets)],
        "security_group_ids": [],
    }


_FULL_ACCESS = (
    '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]'
    ',"Version":"2008-10-17"}'
)


def _endpoint_names(mint: Mint, identifier: str, short: str) -> list[Mapping[str, str]]:
    """The endpoint's own names, and the service's when its private DNS is on.

    https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
    """
    hashed = mint.random(8, LOWER, "dns")
    zone = endpoint_zone(mint.region)
    base = f"{short}.{mint.region}.vpce.{mint.suffix}"
    names = [f"{identifier}-{hashed}.{base}"]
    if mint.given("private_dns_enabled") is True:
        host = ".".join(reversed(short.split("."))) if short.startswith("ecr.") else short
        names.append(f"{host}.{mint.region}.{mint.suffix}")
    return [{"dns_name": name, "hosted_zone_id": zone} for name in names]


def _endpoint_has_what_it_needs(config: Object) -> Iterator[Problem]:
    kind = config.get("vpc_endpoint_type") or "Gateway"
    if not given(kind):
        return
    wrong: Iterable[str] = ()
    if kind == "Gateway":
        wrong = ("subnet_ids", "security_group_ids", "private_dns_enabled")
    elif kind in ("Interface", "GatewayLoadBalancer"):
        wrong = ("route_table_ids",)
    for name in wrong:
        if given(config.get(name)) and config[name] not in (False, []):
            detail = f'An endpoint of type {kind} has no "{name}".'
            yield Problem((name,), "Conflicting arguments", detail)


def _flow_log(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("fl")
    return {"id": identifier, "arn": mint.arn("ec2", f"vpc-flow-log/{identifier}")}


def _prefix_list(mint: Mint) -> Mapping[str, Value]:
    return {
        **_ec2(mint, "prefix-list", mint.id("pl")),
        "version": mint.context.generation,
    }


def _one_target(config: Object) -> Iterator[Problem]:
    yield from exactly_one(*_SUBNET_TARGETS)(config)


def _import_route(identifier: str, _: Context) -> Object:
    table, _separator, destination = identifier.partition("_")
    if not destination:
        raise Refused("Unexpected import id", "Expected ROUTETABLEID_DESTINATION.")
    name = "destination_ipv6_cidr_block" if ":" in destination else "destination_cidr_block"
    name = "destination_prefix_list_id" if destination.startswith("pl-") else name
    checksum = zlib.crc32(destination.encode())
    return {"id": f"r-{table}{checksum}", "route_table_id": table, name: destination}


def _import_table_association(identifier: str, _: Context) -> Object:
    target, _separator, table = identifier.partition("/")
    if not table:
        raise Refused("Unexpected import id", "Expected SUBNETID/ROUTETABLEID.")
    name = "gateway_id" if target.startswith("igw-") else "subnet_id"
    token = scatter(identifier, 16, HEX)
    return {"id": f"rtbassoc-0{token}", "route_table_id": table, name: target}


_ROUTE_RULES = (
    at("cidr_block", ipv4),
    at("ipv6_cidr_block", ipv6),
)

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
    "aws_subnet": resource(
        _subnet,
        at("cidr_block", cidr(4, 16, 28)),
        at("ipv6_cidr_block", cidr(6, 44, 64)),
        conflicts("availability_zone", "availability_zone_id"),
        at("private_dns_hostname_type_on_launch", one_of("ip-name", "resource-name")),
        force_new="vpc_id cidr_block availability_zone availability_zone_id outpost_arn"
        " ipv6_native ipv4_ipam_pool_id ipv4_netmask_length",
        defaults={"private_dns_hostname_type_on_launch": "ip-name", "ipv6_cidr_block": ""},
        arguments={
            "map_public_ip_on_launch": False,
            "assign_ipv6_address_on_creation": False,
            "enable_dns64": False,
            "enable_resource_name_dns_a_record_on_launch": False,
            "enable_resource_name_dns_aaaa_record_on_launch": False,
            "ipv6_native": False,
        },
    ),
    "aws_internet_gateway": resource(_internet_gateway),
    "aws_internet_gateway_attachment": resource(
        lambda mint: {"id": f"{mint.given('internet_gateway_id')}:{mint.given('vpc_id')}"},
        force_new="internet_gateway_id vpc_id",
    ),
    "aws_egress_only_internet_gateway": resource(_egress_only_gateway, force_new="vpc_id"),
    "aws_eip": resource(
        _elastic_ip,
        at("domain", one_of("vpc", "standard")),
        conflicts("instance", "network_interface"),
        force_new="address customer_owned_ipv4_pool domain ipam_pool_id network_border_group"
        " public_ipv4_pool",
        defaults={"domain": "vpc"},
    ),
    "aws_eip_association": _own("eipassoc"),
    "aws_nat_gateway": resource(
        _nat_gateway,
        at("connectivity_type", one_of("public", "private")),
        at("availability_mode", one_of("zonal", "regional")),
        _nat_needs_address,
        force_new="allocation_id connectivity_type private_ip subnet_id availability_mode vpc_id",
        defaults={"availability_mode": "zonal"},
        arguments={"connectivity_type": "public"},
    ),
    "aws_route_table": resource(
        _route_table,
        *(within("route", rule) for rule in _ROUTE_RULES),
        force_new="vpc_id",
    ),
    "aws_default_route_table": resource(_default_route_table, force_new="default_route_table_id"),
    "aws_route": resource(
        _route,
        at("destination_cidr_block", ipv4),
        at("destination_ipv6_cidr_block", ipv6),
        exactly_one(*_DESTINATIONS, "destination_prefix_list_id"),
        _one_target,
        force_new="route_table_id destination_cidr_block destination_ipv6_cidr_block"
        " destination_prefix_list_id",
        import_=_import_route,
    ),
    "aws_route_table_association": resource(
        lambda mint: {"id": mint.id("rtbassoc")},
        exactly_one("subnet_id", "gateway_id"),
        force_new="subnet_id gateway_id",
        import_=_import_table_association,
    ),
    "aws_main_route_table_association": resource(
        lambda mint: {
            "id": mint.id("rtbassoc"),
            "original_route_table_id": mint.id("rtb", "original"),
        },
        force_new="vpc_id",
    ),
    "aws_network_acl": resource(_network_acl, force_new="vpc_id"),
    "aws_default_network_acl": resource(
        lambda mint: _ec2(mint, "network-acl", str(mint.given("default_network_acl_id"))),
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
    "aws_vpc_endpoint": resource(
        _endpoint,
        at(
            "vpc_endpoint_type",
            one_of(
                "Gateway",
                "Interface",
                "GatewayLoadBalancer",
                "Resource",
                "ServiceNetwork",
            ),
        ),
        at("ip_address_type", one_of("ipv4", "dualstack", "ipv6")),
        at("policy", policy(RESOURCE)),
        exactly_one("service_name", "resource_configuration_arn", "service_network_arn"),
        _endpoint_has_what_it_needs,
        force_new="vpc_id service_name vpc_endpoint_type service_region"
        " resource_configuration_arn service_network_arn",
        defaults={"private_dns_enabled": False},
        arguments={"vpc_endpoint_type": "Gateway"},
        equivalent={"policy": same_policy},
    ),
    "aws_vpc_endpoint_route_table_association": resource(
        lambda mint: {"id": f"a-{mint.given('vpc_endpoint_id')}{mint.random(10, '0123456789')}"},
        force_new="vpc_endpoint_id route_table_id",
    ),
    "aws_vpc_endpoint_subnet_association": resource(
        lambda mint: {"id": f"a-{mint.given('vpc_endpoint_id')}{mint.random(10, '0123456789')}"},
        force_new="vpc_endpoint_id subnet_id",
    ),
    "aws_vpc_endpoint_security_group_association": resource(
        lambda mint: {"id": f"a-{mint.given('vpc_endpoint_id')}{mint.random(10, '0123456789')}"},
        force_new="vpc_endpoint_id security_group_id",
        arguments={"replace_default_association": False},
    ),
    "aws_vpc_endpoint_policy": resource(
        lambda mint: {"id": mint.given("vpc_endpoint_id")},
        at("policy", policy(RESOURCE)),
        force_new="vpc_endpoint_id",
        equivalent={"policy": same_policy},
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
        lambda mint: _ec2(mint, "dhcp-options", mint.id("dopt")),
        force_new="domain_name domain_name_servers ntp_servers netbios_name_servers"
        " netbios_node_type ipv6_address_preferred_lease_time",
    ),
    "aws_vpc_dhcp_options_association": resource(
        lambda mint: {"id": f"{mint.given('dhcp_options_id')}-{mint.given('vpc_id')}"},
        force_new="vpc_id dhcp_options_id",
    ),
    "aws_network_interface": resource(
        lambda mint: {
            **_ec2(mint, "network-interface", mint.id("eni")),
            "private_ip": _private_address(mint, mint.given("subnet_id")),
            "mac_address": ":".join(["02", *(mint.random(2, HEX, f"mac{i}") for i in range(5))]),
        },
        force_new="subnet_id interface_type",
        defaults={"interface_type": "interface"},
        arguments={"source_dest_check": True},
    ),
}
