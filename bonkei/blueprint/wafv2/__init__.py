"""A WAFv2 web ACL: rules in order of priority, each a statement and an action.

values      the values for the edge
reader      aws_wafv2_web_acl, its associations, and the rule groups that it refers to
statement   the statement of a rule
"""

from bonkei.blueprint.wafv2.values import (
    AGGREGATES,
    COMPARISONS,
    POSITIONAL_CONSTRAINTS,
    SIMULATED_AGGREGATES,
    TEXT_TRANSFORMATIONS,
    And,
    ByteMatch,
    Comparison,
    CustomResponse,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    PositionalConstraint,
    RateBased,
    RegexMatch,
    SizeConstraint,
    Statement,
    WafAction,
    WafRule,
    WebAcl,
)

__all__ = [
    "AGGREGATES",
    "COMPARISONS",
    "POSITIONAL_CONSTRAINTS",
    "SIMULATED_AGGREGATES",
    "TEXT_TRANSFORMATIONS",
    "And",
    "ByteMatch",
    "Comparison",
    "CustomResponse",
    "FieldToMatch",
    "IpSetMatch",
    "Not",
    "NotSimulatedStatement",
    "Or",
    "PositionalConstraint",
    "RateBased",
    "RegexMatch",
    "SizeConstraint",
    "Statement",
    "WafAction",
    "WafRule",
    "WebAcl",
]
