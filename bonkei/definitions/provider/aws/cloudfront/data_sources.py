"""CloudFront's managed policies, and the resources of this stack."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.cloudfront import managed_policies
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object, Value

_CLOUDFRONT_LOG_DELIVERY = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"


def _log_delivery_user(_: Object, __: Context) -> Object:
    return {"id": _CLOUDFRONT_LOG_DELIVERY}


def _managed_policy(
    policies: Mapping[str, tuple[str, dict[str, Value]]], kind: str, resource_type: str
) -> DataSource:
    """A managed policy, by name or id, or a policy of this stack, by its id."""

    def read(config: Object, context: Context) -> Object:
        name, identifier = config.get("name"), config.get("id")
        for known, (known_id, settings) in policies.items():
            if name == known or identifier == known_id:
                return {
                    **settings,
                    "id": known_id,
                    "name": known,
                    "arn": f"arn:{context.partition}:cloudfront:::{kind}/{known_id}",
                    "etag": "E23ZP02F085DFQ",
                    "comment": f"Managed by CloudFront: {known}",
                }
        for peer in context.peers(resource_type):
            if peer.get("name") == name or peer.get("id") == identifier:
                return peer
        raise Refused(
            f'no such policy: "{name or identifier}"',
            f"CloudFront manages {', '.join(policies)}. A policy made elsewhere cannot be read.",
            ("name",) if name else ("id",),
        )

    return DataSource(read=read)


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_cloudfront_distribution aws_cloudfront_origin_access_identity"),
    "aws_cloudfront_cache_policy": _managed_policy(
        managed_policies.CACHE_POLICIES, "cache-policy", "aws_cloudfront_cache_policy"
    ),
    "aws_cloudfront_log_delivery_canonical_user_id": DataSource(read=_log_delivery_user),
    "aws_cloudfront_origin_request_policy": _managed_policy(
        managed_policies.ORIGIN_REQUEST_POLICIES,
        "origin-request-policy",
        "aws_cloudfront_origin_request_policy",
    ),
    "aws_cloudfront_response_headers_policy": _managed_policy(
        managed_policies.RESPONSE_HEADERS_POLICIES,
        "response-headers-policy",
        "aws_cloudfront_response_headers_policy",
    ),
}
