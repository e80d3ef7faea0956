"""The statements of WAF's rules: whether they are valid, and their cost.

Cost: "AWS WAF rule statement capacity", the page of each statement below
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bonkei.blueprint.wafv2 import (
    AGGREGATES,
    COMPARISONS,
    POSITIONAL_CONSTRAINTS,
    TEXT_TRANSFORMATIONS,
)
from bonkei.definitions.provider.aws.shared.blocks import each, first, has_one
from bonkei.definitions.provider.aws.shared.checks import Check, between, length, one_of
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.values import Value, given

Path = tuple[str | int, ...]

_NESTING = ("and_statement", "or_statement", "not_statement")
_MANAGED_CAPACITY = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
    "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
}
"""https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""


def regular_expression(value: Value) -> str | None:
    """What AWS WAF refuses in it. What it may take is left to the edge."""
    from bonkei.grammar.waf_regex import RegexError, RegexNotSimulatedError, read  # noqa: PLC0415 - for few

    if wrong := length(1, 512)(value):
        return wrong
    try:
        read(str(value))
    except RegexNotSimulatedError:
        return None
    except RegexError as error:
        return f"This regular expression is not AWS WAF's: {error.message}."
    return None


_CHECKS: Mapping[tuple[str, str], Check] = {
    ("byte_match_statement", "positional_constraint"): one_of(*POSITIONAL_CONSTRAINTS),
    ("byte_match_statement", "search_string"): length(1, 200),
    ("size_constraint_statement", "comparison_operator"): one_of(*COMPARISONS),
    ("size_constraint_statement", "size"): between(0, 21474836480),
    ("sqli_match_statement", "sensitivity_level"): one_of("LOW", "HIGH"),
    ("regex_match_statement", "regex_string"): regular_expression,
    ("regex_pattern_set_reference_statement", "arn"): arn("wafv2"),
    ("ip_set_reference_statement", "arn"): arn("wafv2"),
    ("rule_group_reference_statement", "arn"): arn("wafv2"),
    ("rate_based_statement", "limit"): between(10, 2000000000),
    ("rate_based_statement", "evaluation_window_sec"): one_of(60, 120, 300, 600),
    ("rate_based_statement", "aggregate_key_type"): one_of(*AGGREGATES),
    ("label_match_statement", "scope"): one_of("LABEL", "NAMESPACE"),
}
_FIELDS = (
    *("all_query_arguments", "body", "cookies", "header_order", "headers", "ja3_fingerprint"),
    *("ja4_fingerprint", "json_body", "method", "query_string", "single_header"),
    *("single_query_argument", "uri_path", "uri_fragment"),
)
_MATCHING = (
    *("byte_match_statement", "regex_match_statement", "regex_pattern_set_reference_statement"),
    *("size_constraint_statement", "sqli_match_statement", "xss_match_statement"),
)


def statement_problems(statement: Value) -> Iterator[tuple[Path, str]]:
    """The problems of a `statement` block and of those inside it."""
    for index, block in enumerate(each(statement)):
        at = (index,) if isinstance(statement, list) else ()
        kinds = [name for name, value in block.items() if _there(value)]
        if not has_one(block, block):
            found = " and ".join(kinds) or "nothing"
            yield at, f"A statement is of exactly one kind; here is {found}."
        for kind in kinds:
            for path, detail in _kind_problems(kind, block[kind]):
                yield (*at, kind, *path), detail


def _kind_problems(kind: str, value: Value) -> Iterator[tuple[Path, str]]:
    for index, block in enumerate(each(value)):
        at = (index,) if isinstance(value, list) else ()
        for (owner, name), check in _CHECKS.items():
            content = block.get(name)
            if owner == kind and given(content) and (wrong := check(content)):
                yield (*at, name), wrong
        inner = "statement" if kind in _NESTING else "scope_down_statement"
        if _there(block.get(inner)):
            for path, detail in statement_problems(block[inner]):
                yield (*at, inner, *path), detail
        if kind in ("and_statement", "or_statement"):
            parts = block.get("statement")
            if isinstance(parts, list) and len(parts) < 2:
                yield at, f"{kind} joins two statements at least."
        if kind in _MATCHING:
            for path, detail in _match_problems(block):
                yield (*at, *path), detail


def _match_problems(block: Mapping[str, Value]) -> Iterator[tuple[Path, str]]:
    transformations = list(each(block.get("text_transformation")))
    if not transformations and not _there(block.get("text_transformation")):
        yield (), 'At least one text_transformation is needed; type = "NONE" leaves as it is.'
    check = one_of(*TEXT_TRANSFORMATIONS)
    for index, transformation in enumerate(transformations):
        kind = transformation.get("type")
        if given(kind) and (wrong := check(kind)):
            yield ("text_transformation", index, "type"), wrong
    priorities = [each_.get("priority") for each_ in transformations]
    if all(map(given, priorities)) and len(set(priorities)) < len(priorities):
        yield ("text_transformation",), "Two text transformations have the same priority."
    field = first(block.get("field_to_match"))
    if field and not has_one(field, _FIELDS):
        yield ("field_to_match",), "field_to_match has exactly one block."
    header = first(field.get("single_header")).get("name")
    if given(header) and str(header) != str(header).lower():
        detail = f'The header\'s name must be in lower case: "{str(header).lower()}".'
        yield ("field_to_match", 0, "single_header", 0, "name"), detail


def _there(value: Value) -> bool:
    return value is not None and value not in ([], "")


def capacity(statement: Mapping[str, Value], groups: Mapping[str, int]) -> int:
    """The web ACL capacity units of a statement. `groups`: of rule groups, by ARN."""
    return sum(
        _COSTS.get(kind, _free)(block, groups)
        for kind, value in statement.items()
        if _there(value)
        for block in each(value)
    )


Cost = Callable[[Mapping[str, Value], Mapping[str, int]], int]


def _free(_block: Mapping[str, Value], _groups: Mapping[str, int]) -> int:
    return 1


def _matching(base: Callable[[Mapping[str, Value]], int]) -> Cost:
    """The base cost, doubled for a JSON body, and 10 for all query arguments and for each
    transformation."""

    def cost(block: Mapping[str, Value], _groups: Mapping[str, int]) -> int:
        field = first(block.get("field_to_match"))
        units = base(block) * (2 if _there(field.get("json_body")) else 1)
        units += 10 if _there(field.get("all_query_arguments")) else 0
        transformations = each(block.get("text_transformation"))
        return units + sum(10 for each_ in transformations if each_.get("type") != "NONE")

    return cost


def _nested(block: Mapping[str, Value], groups: Mapping[str, int]) -> int:
    return sum(capacity(inner, groups) for inner in each(block.get("statement")))


def _rate(block: Mapping[str, Value], groups: Mapping[str, int]) -> int:
    scope = capacity(first(block.get("scope_down_statement")), groups)
    return 2 + 30 * len(list(each(block.get("custom_key")))) + scope


def _managed(block: Mapping[str, Value], groups: Mapping[str, int]) -> int:
    scope = capacity(first(block.get("scope_down_statement")), groups)
    return _MANAGED_CAPACITY.get(str(block.get("name")), 100) + scope


def _ip_set(block: Mapping[str, Value], _groups: Mapping[str, int]) -> int:
    forwarded = first(block.get("ip_set_forwarded_ip_config"))
    return 5 if forwarded.get("position") == "ANY" else 1


_COSTS: Mapping[str, Cost] = {
    "byte_match_statement": _matching(
        lambda block: 10 if "CONTAINS" in str(block.get("positional_constraint")) else 2
    ),
    "regex_match_statement": _matching(lambda _: 3),
    "regex_pattern_set_reference_statement": _matching(lambda _: 25),
    "size_constraint_statement": _matching(lambda _: 1),
    "sqli_match_statement": _matching(
        lambda block: 30 if block.get("sensitivity_level") == "HIGH" else 20
    ),
    "xss_match_statement": _matching(lambda _: 40),
    "ip_set_reference_statement": _ip_set,
    "rate_based_statement": _rate,
    "and_statement": _nested,
    "or_statement": _nested,
    "not_statement": _nested,
    "managed_rule_group_statement": _managed,
    "rule_group_reference_statement": lambda block, groups: groups.get(str(block.get("arn")), 0),
}
