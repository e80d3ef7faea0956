"""Amazon CloudFront: the things that distributions use, such as origin access, functions and keys.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, first
from bonkei.definitions.provider.aws.shared.checks import at, exactly_one, length, matches, one_of
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER, UPPER
from bonkei.definitions.provider.behaviour import Context, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value


def etag(mint: Mint) -> str:
    """The version of a configuration. It differs after each change."""
    return f"E{mint.random(13, UPPER, f'etag/{mint.context.generation}')}"


def _vpc_origin(mint: Mint) -> Mapping[str, Value]:
    identifier = f"vo_{mint.random(22, LOWER)}"
    endpoint = "vpc_origin_endpoint_config"
    for before in mint.context.peers("aws_cloudfront_vpc_origin"):
        if before.get("id") == identifier and before.get(endpoint) != mint.given(endpoint):
            _require_unused(before, mint.context, "UpdateVpcOrigin", "CannotUpdateEntityWhileInUse")
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"vpcorigin/{identifier}", region=""),
        "etag": etag(mint),
    }


def _vpc_origin_goes(state: Object, context: Context) -> None:
    _require_unused(state, context, "DeleteVpcOrigin", "CannotDeleteEntityWhileInUse")


def _require_unused(state: Object, context: Context, call: str, code: str) -> None:
    """CloudFront answers 409 to both while a distribution has the VPC origin (API_DeleteVpcOrigin).
    Raises Refused."""
    for distribution in context.peers("aws_cloudfront_distribution"):
        for origin in each(distribution.get("origin")):
            if first(origin.get("vpc_origin_config")).get("vpc_origin_id") == state.get("id"):
                raise Refused(
                    f"CloudFront: {call}, StatusCode: 409, {code}: the VPC origin {state.get('id')}"
                    f" is associated with the distribution {distribution.get('id')}",
                    "Let a change replace the VPC origin (replace_triggered_by), and make the new"
                    " one first (create_before_destroy): the distribution then moves to it.",
                )


def _access_control(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"origin-access-control/{identifier}", region=""),
        "etag": etag(mint),
    }


def _access_identity(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    user = f"CloudFront Origin Access Identity {identifier}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"origin-access-identity/{identifier}", region=""),
        "caller_reference": f"terraform-{mint.serial()}",
        "cloudfront_access_identity_path": f"origin-access-identity/cloudfront/{identifier}",
        "etag": etag(mint),
        "iam_arn": mint.arn("iam", f"user/{user}", region="", account="cloudfront"),
        "s3_canonical_user_id": mint.random(96, label="canonical"),
    }


def _function(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    live = mint.given("publish") is not False
    return {
        "id": name,
        "arn": mint.arn("cloudfront", f"function/{name}", region=""),
        "etag": f"ETVPDKIKX{mint.random(5, UPPER, f'{mint.context.generation}')}",
        "live_stage_etag": f"ETVPDKIKX{mint.random(5, UPPER, 'live')}" if live else "",
        "status": "UNASSOCIATED",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudfront_vpc_origin": resource(
        _vpc_origin,
        at("vpc_origin_endpoint_config.arn", arn("elasticloadbalancing", "ec2")),
        at(
            "vpc_origin_endpoint_config.origin_protocol_policy",
            one_of("http-only", "https-only", "match-viewer"),
        ),
        recomputed={"etag": "*"},
        after_destroy=_vpc_origin_goes,
    ),
    "aws_cloudfront_origin_access_control": resource(
        _access_control,
        recomputed={"etag": "*"},
    ),
    "aws_cloudfront_origin_access_identity": resource(_access_identity),
    "aws_cloudfront_function": resource(
        _function,
        at("name", matches(r"[a-zA-Z0-9_-]+", "letters, digits, - and _")),
        at("code", length(1, 10240)),
        recomputed={"etag": "*"},
        import_="name",
    ),
    "aws_cloudfront_monitoring_subscription": resource(
        lambda mint: {"id": mint.given("distribution_id")},
        import_="distribution_id",
    ),
    "aws_cloudfront_public_key": resource(
        lambda mint: {
            "id": f"K{mint.random(13, UPPER)}",
            "etag": etag(mint),
            "caller_reference": mint.serial(),
            "name": mint.name(prefix="tf-"),
        },
        exactly_one("encoded_key"),
    ),
    "aws_cloudfront_key_group": resource(
        lambda mint: {"id": mint.uuid(), "etag": etag(mint)},
        recomputed={"etag": "*"},
    ),
}
