"""A WAFv2 web ACL: rules in order of priority, each a statement and an action.

reader      aws_wafv2_web_acl, its associations, and the rule groups that it refers to
statement   the statement of a rule
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ActionKind = Literal["allow", "block", "count", "captcha", "challenge"]

# AWS WAF's vocabularies (AWS WAFV2 API Reference: ByteMatchStatement, SizeConstraintStatement,
# TextTransformation, RateBasedStatement).
PositionalConstraint = Literal["EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONTAINS_WORD"]
Comparison = Literal["EQ", "NE", "LE", "LT", "GE", "GT"]
SimulatedAggregate = Literal["IP", "FORWARDED_IP", "CONSTANT"]
POSITIONAL_CONSTRAINTS: tuple[PositionalConstraint, ...] = get_args(PositionalConstraint)
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
SIMULATED_AGGREGATES: tuple[SimulatedAggregate, ...] = get_args(SimulatedAggregate)
AGGREGATES = (*SIMULATED_AGGREGATES, "CUSTOM_KEYS")
TEXT_TRANSFORMATIONS = (
    *("NONE", "COMPRESS_WHITE_SPACE", "HTML_ENTITY_DECODE", "LOWERCASE", "CMD_LINE"),
    *("URL_DECODE", "BASE64_DECODE", "HEX_DECODE", "MD5", "REPLACE_COMMENTS"),
    *("ESCAPE_SEQ_DECODE", "SQL_HEX_DECODE", "CSS_DECODE", "JS_DECODE", "NORMALIZE_PATH"),
    *("NORMALIZE_PATH_WIN", "REMOVE_NULLS", "REPLACE_NULLS", "BASE64_DECODE_EXT"),
    *("URL_DECODE_UNI", "UTF8_TO_UNICODE", "REMOVE_WHITESPACE", "TRIM", "TRIM_LEFT"),
    *("TRIM_RIGHT", "REMOVE_COMMENTS_CHAR", "UPPERCASE", "CMD_LINE_WIN", "CMD_LINE_UNIX"),
    *("JS_DECODE_EXT", "SHA256"),
)


@dataclass(frozen=True, slots=True)
class FieldToMatch:
    """The inspected part of the request. `name` is that of a single header or query argument.
    `oversize_handling` applies to a body that is longer than the part that AWS WAF inspects."""

    kind: Literal[
        "single_header",
        "uri_path",
        "query_string",
        "method",
        "single_query_argument",
        "all_query_arguments",
        "body",
    ]
    name: str = ""
    oversize_handling: Literal["CONTINUE", "MATCH", "NO_MATCH"] = "CONTINUE"


@dataclass(frozen=True, slots=True)
class ByteMatch:
    """The field, after its transformations in order, has the bytes at the place of the
    constraint."""

    field: FieldToMatch
    search_string: bytes
    positional_constraint: PositionalConstraint
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class RegexMatch:
    field: FieldToMatch
    regex: str
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class SizeConstraint:
    field: FieldToMatch
    comparison: Comparison
    size: int
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class IpSetMatch:
    """The client's address is in one of the networks. `forwarded_header` names the header with the
    address.

    `fallback_matches` applies if the header has no address at that position.
    """

    addresses: tuple[str, ...]
    forwarded_header: str = ""
    forwarded_position: Literal["FIRST", "LAST", "ANY"] = "FIRST"
    fallback_matches: bool = False


@dataclass(frozen=True, slots=True)
class RateBased:
    """More than `limit` requests in `window` seconds from one aggregate (those in scope count).

    `fallback_matches` applies if the `forwarded_header` does not begin with an address.
    """

    limit: int
    window: int
    aggregate: SimulatedAggregate
    scope_down: Statement | None = None
    forwarded_header: str = ""
    fallback_matches: bool = False


@dataclass(frozen=True, slots=True)
class And:
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Or:
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Not:
    statement: Statement


@dataclass(frozen=True, slots=True)
class NotSimulatedStatement:
    """A statement that only AWS can evaluate (a managed rule group, a country, …). It never
    matches.

    Its name is listed as not simulated.
    """

    kind: str
    name: str = ""


Statement = (
    ByteMatch
    | RegexMatch
    | SizeConstraint
    | IpSetMatch
    | RateBased
    | And
    | Or
    | Not
    | NotSimulatedStatement
)


@dataclass(frozen=True, slots=True)
class CustomResponse:
    """The response to a blocked request, in place of a bare 403."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class WafAction:
    kind: ActionKind
    response: CustomResponse | None = None  # for a block


@dataclass(frozen=True, slots=True)
class WafRule:
    """A rule. `labels` are the full names of the labels that it adds to a matching request. `group`
    is the ARN of the rule group that contains it."""

    name: str
    priority: int
    action: WafAction
    statement: Statement
    metric_name: str = ""
    labels: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class WebAcl:
    """A web ACL and the ARNs that it protects; `rules` are in order of priority."""

    address: str
    arn: str
    name: str
    scope: Literal["REGIONAL", "CLOUDFRONT"]
    default_action: WafAction
    rules: tuple[WafRule, ...]
    protects: tuple[str, ...] = ()
    metric_name: str = ""
