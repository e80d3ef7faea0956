"""Amazon CloudFront: distributions.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.checks import at, at_least, between, length, matches, one_of, unique, whole
from bonkei.provider.aws.cloudfront import etag
from bonkei.provider.aws.cloudfront_distribution_rules import BEHAVIORS, DISTRIBUTION_RULES
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.naming import Mint, resource, same_shape
from bonkei.provider.aws.seeds import LOWER, UPPER
from bonkei.provider.behaviour import ResourceBehaviour
from bonkei.provider.values import Value, given

# The zone of all distributions' names, for alias records (API_AliasTarget of Route 53).
_HOSTED_ZONE = "Z2FDTNDATAQYW2"

_TLS_VERSIONS = (
    *("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019"),
    *("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
)
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
        "in_progress_validation_batches": 0,
        "logging_v1_enabled": bool(mint.planned.get("logging_config")),
        "continuous_deployment_policy_id": "",
        "trusted_key_groups": [{"enabled": False, "items": []}],
        "trusted_signers": [{"enabled": False, "items": []}],
        **{
            name: same_shape(mint.planned.get(name), lambda _index, block: _behavior(block))
            for name in BEHAVIORS
        },
        "origin": same_shape(
            mint.planned.get("origin"), lambda _index, _origin: {"response_completion_timeout": 0}
        ),
    }


def _behavior(block: Mapping[str, Value]) -> Mapping[str, Value]:
    """With a cache policy the times to live are the policy's; else a day and a year."""
    policy = given(block.get("cache_policy_id")) and block["cache_policy_id"] != ""
    return {
        "default_ttl": 0 if policy else 86400,
        "max_ttl": 0 if policy else 31536000,
        "trusted_key_groups": [],
        "trusted_signers": [],
        "grpc_config": [{"enabled": False}],
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudfront_distribution": resource(
        _distribution,
        at("http_version", one_of("http1.1", "http2", "http3", "http2and3")),
        at("price_class", one_of("PriceClass_100", "PriceClass_200", "PriceClass_All", "None")),
        at("comment", length(0, 128)),
        whole("aliases", length(0, 100)),
        at("aliases", matches(r"(\*\.)?([a-z0-9_-]+\.)+[a-z]{2,}", "a domain name in lower case")),
        *(
            at(f"{block}.{path}", check)
            for block in BEHAVIORS
            for path, check in (
                (
                    "viewer_protocol_policy",
                    one_of("allow-all", "https-only", "redirect-to-https"),
                ),
                ("min_ttl", at_least(0)),
                ("forwarded_values.cookies.forward", one_of("none", "whitelist", "all")),
                ("function_association.event_type", one_of("viewer-request", "viewer-response")),
                (
                    "lambda_function_association.event_type",
                    one_of(
                        "viewer-request", "viewer-response", "origin-request", "origin-response"
                    ),
                ),
                ("function_association.function_arn", arn("cloudfront")),
                ("lambda_function_association.lambda_arn", arn("lambda")),
            )
        ),
        at("origin.connection_attempts", between(1, 3)),
        at("origin.connection_timeout", between(1, 10)),
        at(
            "origin.custom_origin_config.origin_protocol_policy",
            one_of("http-only", "https-only", "match-viewer"),
        ),
        at(
            "origin.custom_origin_config.origin_ssl_protocols",
            one_of("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"),
        ),
        at("origin.custom_origin_config.origin_read_timeout", between(1, 180)),
        at("origin.custom_origin_config.origin_keepalive_timeout", between(1, 180)),
        at("origin.custom_origin_config.http_port", between(1, 65535)),
        at("origin.custom_origin_config.https_port", between(1, 65535)),
        at("custom_error_response.error_code", one_of(*_ERROR_CODES)),
        at("custom_error_response.response_code", one_of(0, 200, *_ERROR_CODES)),
        at("custom_error_response.error_caching_min_ttl", at_least(0)),
        at(
            "restrictions.geo_restriction.restriction_type",
            one_of("none", "blacklist", "whitelist"),
        ),
        at("viewer_certificate.minimum_protocol_version", one_of(*_TLS_VERSIONS)),
        at("viewer_certificate.ssl_support_method", one_of("sni-only", "vip", "static-ip")),
        at("viewer_certificate.acm_certificate_arn", arn("acm")),
        unique("origin", "origin_id", "origin"),
        unique("ordered_cache_behavior", "path_pattern", "path pattern"),
        *DISTRIBUTION_RULES,
        force_new="staging",
        arguments={
            "http_version": "http2",
            "is_ipv6_enabled": False,
            "price_class": "PriceClass_All",
            "retain_on_delete": False,
            "staging": False,
            "wait_for_deployment": True,
            "viewer_certificate.minimum_protocol_version": "TLSv1",
            "logging_config.include_cookies": False,
            "logging_config.prefix": "",
            "origin.connection_attempts": 3,
            "origin.connection_timeout": 10,
            "origin.custom_origin_config.origin_keepalive_timeout": 5,
            "origin.custom_origin_config.origin_read_timeout": 30,
            "origin.vpc_origin_config.origin_keepalive_timeout": 5,
            "origin.vpc_origin_config.origin_read_timeout": 30,
            **{f"{block}.compress": False for block in BEHAVIORS},
            **{f"{block}.min_ttl": 0 for block in BEHAVIORS},
            **{f"{block}.lambda_function_association.include_body": False for block in BEHAVIORS},
        },
        recomputed={"etag": "*", "last_modified_time": "*"},
        regional=False,
    ),
}
