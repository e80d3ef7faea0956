"""A CloudFront distribution: what a viewer's request meets first.

values             what the edge serves
reader             aws_cloudfront_distribution (cache_policy, response_headers)
managed_policies   the policies that are in every account
"""

from bonkei.blueprint.distribution.values import (
    Behavior,
    CachePolicy,
    CustomErrorResponse,
    Distribution,
    Origin,
    OriginRequestPolicy,
    ResponseHeader,
    Selection,
    SelectionBehavior,
)

__all__ = [
    "Behavior",
    "CachePolicy",
    "CustomErrorResponse",
    "Distribution",
    "Origin",
    "OriginRequestPolicy",
    "ResponseHeader",
    "Selection",
    "SelectionBehavior",
]
