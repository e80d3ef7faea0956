"""Amazon VPC: gateway and interface endpoints (AWS PrivateLink).

https://docs.aws.amazon.com/vpc/latest/privatelink/what-is-privatelink.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.checks import exactly_one
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import endpoint_zone, gateway_prefix_list
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given


def _endpoint(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("vpce")
    service = str(mint.given("service_name") or "")
    short = service.removeprefix(f"com.amazonaws.{mint.region}.")
    common = {
        **ec2(mint, "vpc-endpoint", identifier),
        "state": "available",
        "requester_managed": False,
        "policy": mint.given("policy") or _FULL_ACCESS,
        "service_region": mint.region,
        "ip_address_type": "ipv4",
    }
    if mint.given("vpc_endpoint_type") in (None, "Gateway"):
        return {**common, "prefix_list_id": gateway_prefix_list(mint.region, short)}
    subnets = mint.given("subnet_ids") or []
    return {
        **common,
        "prefix_list_id": None,
        "dns_entry": _endpoint_names(mint, identifier, short),
        "network_interface_ids": [mint.id("eni", f"eni/{subnet}") for subnet in sorted(subnets)],
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
    kind = config.get("vpc_endpoint_type")
    kind = "Gateway" if kind is None else kind
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


_ASSOCIATION = resource(
    lambda mint: {"id": f"a-{mint.given('vpc_endpoint_id')}{mint.random(10, '0123456789')}"}
)

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_vpc_endpoint": resource(
        _endpoint,
        exactly_one("service_name", "resource_configuration_arn", "service_network_arn"),
        _endpoint_has_what_it_needs,
        defaults={"private_dns_enabled": False},
        policies={"policy": policy(RESOURCE)},
    ),
    **{
        f"aws_vpc_endpoint_{other}_association": _ASSOCIATION
        for other in ("route_table", "subnet", "security_group")
    },
    "aws_vpc_endpoint_policy": resource(
        lambda mint: {"id": mint.given("vpc_endpoint_id")},
        policies={"policy": policy(RESOURCE)},
    ),
}
