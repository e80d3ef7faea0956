"""AWS Cloud Map: namespaces and services.

https://docs.aws.amazon.com/cloud-map/latest/api/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.own import by_own_names, own
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER, UPPER
from bonkei.definitions.provider.behaviour import Context, DataSource, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

_DOMAIN = matches(r"([a-zA-Z0-9_-]+\.?)+", "a domain name")


def _namespace(kind: str) -> Minting:
    def mint_namespace(mint: Mint) -> Mapping[str, Value]:
        identifier = f"ns-{mint.random(16, LOWER)}"
        values = {
            "id": identifier,
            "arn": mint.arn("servicediscovery", f"namespace/{identifier}"),
        }
        if kind == "http":
            return {**values, "http_name": mint.given("name")}
        return {**values, "hosted_zone": f"Z{mint.random(20, UPPER, 'zone')}"}

    return mint_namespace


def _service(mint: Mint) -> Mapping[str, Value]:
    identifier = f"srv-{mint.random(16, LOWER)}"
    dns = bool(mint.planned.get("dns_config"))
    return {
        "id": identifier,
        "arn": mint.arn("servicediscovery", f"service/{identifier}"),
        "type": "DNS_HTTP" if dns else "HTTP",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_service_discovery_http_namespace": resource(
        _namespace("http"),
    ),
    "aws_service_discovery_private_dns_namespace": resource(
        _namespace("dns"),
        at("name", length(1, 253), _DOMAIN),
    ),
    "aws_service_discovery_public_dns_namespace": resource(
        _namespace("dns"),
        at("name", length(1, 253), _DOMAIN),
    ),
    "aws_service_discovery_service": resource(_service),
}


def _namespaces(context: Context) -> Iterator[Object]:
    for kind in ("private", "public"):
        for namespace in context.peers(f"aws_service_discovery_{kind}_dns_namespace"):
            yield {**namespace, "type": f"DNS_{kind.upper()}"}


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_service_discovery_http_namespace aws_service_discovery_service"),
    "aws_service_discovery_dns_namespace": own("aws_service_discovery_namespace", _namespaces),
}
