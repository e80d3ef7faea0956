"""Amazon CloudFront: distributions.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.cloudfront.components import etag
from bonkei.definitions.provider.aws.cloudfront.distribution_rules import (
    BEHAVIORS,
    DISTRIBUTION_RULES,
)
from bonkei.definitions.provider.aws.shared.blocks import same_shape
from bonkei.definitions.provider.aws.shared.checks import (
    at,
    between,
    length,
    matches,
    one_of,
    unique,
    whole,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER, UPPER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value, given

# The zone of all distributions' names, for alias records (API_AliasTarget of Route 53).
_HOSTED_ZONE = "Z2FDTNDATAQYW2"

_ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


def _distribution(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"distribution/{identifier}", region=""),
        "domain_name": f"d{mint.random(13, LOWER, 'domain')}.cloudfront.net",
        "hosted_zone_id": _HOSTED_ZONE,
        "caller_reference": f"terraform-{mint.serial('caller')}",
        "etag": etag(mint),
        "last_modified_time": mint.context.now.replace("T", " ").replace("Z", " +0000 UTC"),
        "status": "Deployed",
        "logging_v1_enabled": bool(mint.planned.get("logging_config")),
        "trusted_key_groups": [{"enabled": False, "items": []}],
        "trusted_signers": [{"enabled": False, "items": []}],
        **{
            name: same_shape(mint.planned.get(name), lambda _index, block: _behavior(block))
            for name in BEHAVIORS
        },
    }


def _behavior(block: Mapping[str, Value]) -> Mapping[str, Value]:
    """The times to live: those of the cache policy, or without one a day and a year."""
    policy = given(block.get("cache_policy_id")) and block["cache_policy_id"] != ""
    return {
        "default_ttl": 0 if policy else 86400,
        "max_ttl": 0 if policy else 31536000,
        "grpc_config": [{"enabled": False}],
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudfront_distribution": resource(
        _distribution,
        whole("aliases", length(0, 100)),
        at(
            "aliases",
            matches(r"(\*\.)?([a-z0-9_-]+\.)+[a-z][a-z0-9-]+", "a domain name in lower case"),
        ),
        *(
            at(f"{block}.{path}", check)
            for block in BEHAVIORS
            for path, check in (
                ("min_ttl", between(0)),
                ("function_association.event_type", one_of("viewer-request", "viewer-response")),
                ("function_association.function_arn", arn("cloudfront")),
                ("lambda_function_association.lambda_arn", arn("lambda")),
            )
        ),
        at("origin.custom_origin_config.origin_read_timeout", between(1, 180)),
        at("origin.custom_origin_config.origin_keepalive_timeout", between(1, 180)),
        at("origin.custom_origin_config.http_port", between(1, 65535)),
        at("origin.custom_origin_config.https_port", between(1, 65535)),
        at("custom_error_response.error_code", one_of(*_ERROR_CODES)),
        at("custom_error_response.response_code", one_of(0, 200, *_ERROR_CODES)),
        at("custom_error_response.error_caching_min_ttl", between(0)),
        at("viewer_certificate.acm_certificate_arn", arn("acm")),
        unique("origin", "origin_id", "origin"),
        unique("ordered_cache_behavior", "path_pattern", "path pattern"),
        *DISTRIBUTION_RULES,
        recomputed={"etag": "*", "last_modified_time": "*"},
    ),
}
