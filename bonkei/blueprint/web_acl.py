"""A WAFv2 web ACL: rules in order of priority, each a statement and an action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActionKind = Literal["allow", "block", "count", "captcha", "challenge"]


@dataclass(frozen=True, slots=True)
class FieldToMatch:
    """The part of the request that is looked at; `name` for a single header or query argument,
    `oversize_handling` for a body that is longer than what AWS WAF inspects of one."""

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
    """The field, transformed in order, holds the bytes at the place the constraint says."""

    field: FieldToMatch
    search_string: bytes
    positional_constraint: Literal[
        "EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONTAINS_WORD"
    ]
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class RegexMatch:
    field: FieldToMatch
    regex: str
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class SizeConstraint:
    field: FieldToMatch
    comparison: Literal["EQ", "NE", "LE", "LT", "GE", "GT"]
    size: int
    transformations: tuple[str, ...] = ("NONE",)


@dataclass(frozen=True, slots=True)
class IpSetMatch:
    """The client's address is in one of the networks; `forwarded_header` names where to read it.

    `fallback_matches` is for a header without an address at that position.
    """

    addresses: tuple[str, ...]
    forwarded_header: str = ""
    forwarded_position: Literal["FIRST", "LAST", "ANY"] = "FIRST"
    fallback_matches: bool = False


@dataclass(frozen=True, slots=True)
class RateBased:
    """More than `limit` requests in `window` seconds from one aggregate (those in scope count).

    `fallback_matches` is for a `forwarded_header` that does not begin with an address.
    """

    limit: int
    window: int
    aggregate: Literal["IP", "FORWARDED_IP", "CONSTANT"]
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
    """A statement that only AWS can evaluate (a managed rule group, a country, …): never matches.

    It is listed among what is not simulated, by name.
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
    """What a block answers instead of a bare 403."""

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
    name: str
    priority: int
    action: WafAction
    statement: Statement
    metric_name: str = ""


@dataclass(frozen=True, slots=True)
class WebAcl:
    """A web ACL and the ARNs of what it protects; `rules` are in order of priority."""

    address: str
    arn: str
    name: str
    scope: Literal["REGIONAL", "CLOUDFRONT"]
    default_action: WafAction
    rules: tuple[WafRule, ...]
    protects: tuple[str, ...] = ()
    metric_name: str = ""
