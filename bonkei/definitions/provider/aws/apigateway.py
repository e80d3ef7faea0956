"""Amazon API Gateway: APIs, and the addresses they answer at.

https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _host(mint: Mint, api: Value) -> str:
    return f"{api}.execute-api.{mint.region}.{mint.suffix}"


def _path(mint: Mint, path: str) -> str:
    """An ARN of the management API. It names no account."""
    return mint.arn("apigateway", path, account="")


def _with_id(length: int) -> Minting:
    return lambda mint: {"id": mint.random(length, LOWER)}


def _http_api(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.random(10, LOWER, "api")
    scheme = "wss" if mint.given("protocol_type") == "WEBSOCKET" else "https"
    return {
        "id": identifier,
        "arn": _path(mint, f"/apis/{identifier}"),
        "api_endpoint": f"{scheme}://{_host(mint, identifier)}",
        "execution_arn": mint.arn("execute-api", identifier),
        "ip_address_type": "ipv4",
    }


def _http_stage(mint: Mint) -> Mapping[str, Value]:
    api, name = mint.given("api_id"), str(mint.given("name"))
    return {
        "id": name,
        "arn": _path(mint, f"/apis/{api}/stages/{name}"),
        "execution_arn": mint.arn("execute-api", f"{api}/{name}"),
        "invoke_url": f"https://{_host(mint, api)}/{'' if name == '$default' else name}",
    }


def _http_link(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.random(6, LOWER)
    return {"id": identifier, "arn": _path(mint, f"/vpclinks/{identifier}")}


def _rest_api(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.random(10, LOWER, "api")
    return {
        "id": identifier,
        "arn": _path(mint, f"/restapis/{identifier}"),
        "execution_arn": mint.arn("execute-api", identifier),
        "root_resource_id": mint.random(10, LOWER, "root"),
        "created_date": mint.context.now,
        "api_key_source": "HEADER",
    }


def _rest_resource(mint: Mint) -> Mapping[str, Value]:
    parent = mint.peer("aws_api_gateway_resource", mint.given("parent_id"))
    return {
        "id": mint.random(6, LOWER),
        "path": f"{parent.get('path', '')}/{mint.given('path_part')}",
    }


def _rest_stage(mint: Mint) -> Mapping[str, Value]:
    api, name = mint.given("rest_api_id"), mint.given("stage_name")
    return {
        "id": f"ags-{api}-{name}",
        "arn": _path(mint, f"/restapis/{api}/stages/{name}"),
        "execution_arn": mint.arn("execute-api", f"{api}/{name}"),
        "invoke_url": f"https://{_host(mint, api)}/{name}",
    }


def _rest_domain(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("domain_name"))
    return {
        "id": name,
        "arn": _path(mint, f"/domainnames/{name}"),
        "regional_domain_name": f"d-{_host(mint, mint.random(10, LOWER))}",
        "cloudfront_domain_name": f"d{mint.random(13, LOWER, 'edge')}.cloudfront.net",
        "cloudfront_zone_id": "Z2FDTNDATAQYW2",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_apigatewayv2_api": resource(_http_api),
    "aws_apigatewayv2_stage": resource(_http_stage),
    "aws_apigatewayv2_integration": resource(_with_id(7)),
    "aws_apigatewayv2_route": resource(_with_id(7)),
    "aws_apigatewayv2_vpc_link": resource(_http_link),
    "aws_api_gateway_rest_api": resource(_rest_api),
    "aws_api_gateway_resource": resource(
        _rest_resource, recomputed={"path": "path_part parent_id"}
    ),
    "aws_api_gateway_deployment": resource(
        lambda mint: {"id": mint.random(6, LOWER), "created_date": mint.context.now},
    ),
    "aws_api_gateway_stage": resource(_rest_stage),
    "aws_api_gateway_vpc_link": resource(_http_link),
    "aws_api_gateway_domain_name": resource(_rest_domain),
}
