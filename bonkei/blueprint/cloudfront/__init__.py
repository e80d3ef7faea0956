"""A CloudFront distribution: the first layer of a viewer's request.

values             the values for the edge
reader             aws_cloudfront_distribution (cache_policy, response_headers)
managed_policies   the policies that exist in every account
"""

from bonkei.blueprint.cloudfront.values import (
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
