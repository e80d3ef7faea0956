from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    CustomResponse,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    RateBased,
    RegexMatch,
    SizeConstraint,
    WafAction,
)

ACL_ARN = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/main/1"
ALB_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1"
NO_TRANSFORMATION = [{"priority": 0, "type": "NONE"}]


def header_is(value: str) -> dict[str, Any]:
    """A statement block as the state has it: unused kinds are empty lists."""
    return {
        "and_statement": [],
        "byte_match_statement": [
            {
                "field_to_match": [{"single_header": [{"name": "X-Origin"}], "uri_path": []}],
                "positional_constraint": "EXACTLY",
                "search_string": value,
                "text_transformation": NO_TRANSFORMATION,
            }
        ],
        "not_statement": [],
    }


def rule(name: str, priority: int, statement: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {
        "name": name,
        "priority": priority,
        "action": [{"allow": [{"custom_request_handling": []}], "block": [], "count": []}],
        "override_action": [],
        "statement": [statement],
        "visibility_config": [
            {
                "cloudwatch_metrics_enabled": True,
                "metric_name": name,
                "sampled_requests_enabled": True,
            }
        ],
        **overrides,
    }


def acl(*rules: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {
        "arn": ACL_ARN,
        "name": "main",
        "scope": "REGIONAL",
        "default_action": [{"allow": [], "block": [{"custom_response": []}]}],
        "rule": list(rules),
        "visibility_config": [{"cloudwatch_metrics_enabled": True, "metric_name": "main"}],
        **overrides,
    }


def only_statement(blueprint, statement: dict[str, Any], **others: Any) -> Any:
    found = blueprint({"aws_wafv2_web_acl.this": acl(rule("only", 0, statement)), **others})
    return found.web_acls[0].rules[0].statement


HEADER_IS_A = ByteMatch(FieldToMatch("single_header", "x-origin"), b"a", "EXACTLY")


def test_rules_are_in_order_of_priority_and_the_default_blocks(blueprint) -> None:
    found = blueprint(
        {
            "aws_wafv2_web_acl.this": acl(
                rule("late", 10, header_is("b")), rule("early", 2, header_is("a"))
            )
        }
    ).web_acls[0]
    assert [r.name for r in found.rules] == ["early", "late"]
    assert found.rules[0].statement == HEADER_IS_A
    assert found.rules[0].action == WafAction("allow")
    assert found.rules[0].metric_name == "early"
    assert found.default_action == WafAction("block")


def test_an_acl_protects_what_it_is_associated_with(blueprint) -> None:
    found = blueprint(
        {
            "aws_wafv2_web_acl.this": acl(),
            "aws_wafv2_web_acl_association.a": {"web_acl_arn": ACL_ARN, "resource_arn": ALB_ARN},
            "aws_wafv2_web_acl_association.b": {"web_acl_arn": "another", "resource_arn": "b"},
        }
    ).web_acls[0]
    assert found.protects == (ALB_ARN,)


def test_statements_nest(blueprint) -> None:
    nested = {
        "and_statement": [
            {
                "statement": [
                    {"not_statement": [{"statement": [header_is("a")]}]},
                    {"or_statement": [{"statement": [header_is("a"), header_is("a")]}]},
                ]
            }
        ]
    }
    found = only_statement(blueprint, nested)
    assert found == And((Not(HEADER_IS_A), Or((HEADER_IS_A, HEADER_IS_A))))


def test_a_rate_counts_in_its_window_and_scope(blueprint) -> None:
    limit = {
        "rate_based_statement": [
            {
                "limit": 1000,
                "aggregate_key_type": "FORWARDED_IP",
                "evaluation_window_sec": None,
                "forwarded_ip_config": [
                    {"header_name": "X-Forwarded-For", "fallback_behavior": "MATCH"}
                ],
                "scope_down_statement": [header_is("a")],
            }
        ]
    }
    assert only_statement(blueprint, limit) == RateBased(
        1000, 300, "FORWARDED_IP", HEADER_IS_A, "X-Forwarded-For", fallback_matches=True
    )


def test_ip_sets_and_pattern_sets_are_looked_up(blueprint) -> None:
    both = {
        "or_statement": [
            {
                "statement": [
                    {
                        "ip_set_reference_statement": [
                            {"arn": "ips", "ip_set_forwarded_ip_config": []}
                        ]
                    },
                    {
                        "regex_pattern_set_reference_statement": [
                            {
                                "arn": "patterns",
                                "field_to_match": [{"uri_path": [{}]}],
                                "text_transformation": [
                                    {"priority": 1, "type": "LOWERCASE"},
                                    {"priority": 0, "type": "URL_DECODE"},
                                ],
                            }
                        ]
                    },
                ]
            }
        ]
    }
    found = only_statement(
        blueprint,
        both,
        **{
            "aws_wafv2_ip_set.this": {"arn": "ips", "addresses": ["10.0.0.0/8"]},
            "aws_wafv2_regex_pattern_set.this": {
                "arn": "patterns",
                "regular_expression": [{"regex_string": "^/b"}, {"regex_string": "^/a"}],
            },
        },
    )
    path, transformations = FieldToMatch("uri_path"), ("URL_DECODE", "LOWERCASE")
    assert found == Or(
        (
            IpSetMatch(("10.0.0.0/8",)),
            Or(
                (RegexMatch(path, "^/a", transformations), RegexMatch(path, "^/b", transformations))
            ),
        )
    )


def test_where_an_ip_set_looks_for_the_address(blueprint) -> None:
    forwarded = {
        "header_name": "X-Forwarded-For",
        "fallback_behavior": "MATCH",
        "position": "ANY",
    }
    reference = {"arn": "ips", "ip_set_forwarded_ip_config": [forwarded]}
    found = blueprint(
        {
            "aws_wafv2_web_acl.this": acl(
                rule("office", 0, {"ip_set_reference_statement": [reference]})
            ),
            "aws_wafv2_ip_set.this": {"arn": "ips", "addresses": ["192.0.2.0/24"]},
        }
    )
    assert found.web_acls[0].rules[0].statement == IpSetMatch(
        ("192.0.2.0/24",), "X-Forwarded-For", "ANY", fallback_matches=True
    )


def test_sizes_are_compared(blueprint) -> None:
    size = {
        "size_constraint_statement": [
            {
                "comparison_operator": "GT",
                "size": 8192,
                "field_to_match": [{"body": [{"oversize_handling": "MATCH"}]}],
                "text_transformation": NO_TRANSFORMATION,
            }
        ]
    }
    body = FieldToMatch("body", oversize_handling="MATCH")
    assert only_statement(blueprint, size) == SizeConstraint(body, "GT", 8192)


def test_a_managed_group_is_named_and_never_matches(blueprint) -> None:
    group = {"managed_rule_group_statement": [{"name": "AWSManagedRulesCommonRuleSet"}]}
    found = blueprint(
        {
            "aws_wafv2_web_acl.this": acl(
                rule("common", 0, group, action=[], override_action=[{"none": [{}], "count": []}])
            )
        }
    )
    assert found.web_acls[0].rules[0].statement == NotSimulatedStatement(
        "managed_rule_group_statement", "AWSManagedRulesCommonRuleSet"
    )
    (missing,) = found.not_simulated
    assert (missing.kind, missing.address) == ("aws_wafv2_web_acl.rule", "aws_wafv2_web_acl.this")
    assert "rule common" in missing.reason
    assert "managed_rule_group_statement AWSManagedRulesCommonRuleSet" in missing.reason


def test_not_of_an_unknown_statement_does_not_match_everything(blueprint) -> None:
    abroad = {
        "not_statement": [{"statement": [{"geo_match_statement": [{"country_codes": ["JP"]}]}]}]
    }
    assert only_statement(blueprint, abroad) == NotSimulatedStatement("geo_match_statement")


def test_a_field_that_cannot_be_read_does_not_match(blueprint) -> None:
    cookies = header_is("a")
    cookies["byte_match_statement"][0]["field_to_match"] = [{"cookies": [{"match_scope": "ALL"}]}]
    assert only_statement(blueprint, cookies) == NotSimulatedStatement("field_to_match", "cookies")


def test_a_rule_group_runs_in_the_place_of_its_reference(blueprint) -> None:
    reference = {
        "rule_group_reference_statement": [
            {
                "arn": "group",
                "rule_action_override": [
                    {"name": "one", "action_to_use": [{"count": [{}], "block": []}]}
                ],
            }
        ]
    }
    group = {
        "arn": "group",
        "rule": [rule("two", 1, header_is("a")), rule("one", 0, header_is("a"))],
    }
    found = blueprint(
        {
            "aws_wafv2_rule_group.this": group,
            "aws_wafv2_web_acl.this": acl(
                rule("last", 9, header_is("a")),
                rule("group", 5, reference, action=[], override_action=[{"none": [{}]}]),
            ),
        }
    ).web_acls[0]
    assert [(r.name, r.priority, r.action.kind) for r in found.rules] == [
        ("group/one", 5, "count"),
        ("group/two", 5, "allow"),
        ("last", 9, "allow"),
    ]


def test_a_block_may_answer_with_a_body_of_its_own(blueprint) -> None:
    found = blueprint(
        {
            "aws_wafv2_web_acl.this": acl(
                custom_response_body=[
                    {"key": "sorry", "content": "{}", "content_type": "APPLICATION_JSON"}
                ],
                default_action=[
                    {
                        "block": [
                            {
                                "custom_response": [
                                    {
                                        "response_code": 429,
                                        "custom_response_body_key": "sorry",
                                        "response_header": [{"name": "retry-after", "value": "9"}],
                                    }
                                ]
                            }
                        ]
                    }
                ],
            )
        }
    ).web_acls[0]
    assert found.default_action.response == CustomResponse(
        429, (("retry-after", "9"),), "{}", "application/json"
    )


@pytest.mark.parametrize(
    ("statement", "attribute"),
    [
        ({"byte_match_statement": []}, "rule[0].statement[0]"),
        (
            {"byte_match_statement": [{"search_string": "a", "positional_constraint": "EXACTLY"}]},
            "rule[0].statement[0].byte_match_statement[0].field_to_match",
        ),
        ({"and_statement": [{"statement": []}]}, "rule[0].statement[0].and_statement[0].statement"),
        (
            {"rate_based_statement": [{"limit": "many"}]},
            "rule[0].statement[0].rate_based_statement[0].limit",
        ),
    ],
)
def test_a_malformed_statement_is_reported(blueprint, statement, attribute) -> None:
    with pytest.raises(BlueprintError) as caught:
        only_statement(blueprint, statement)
    assert caught.value.attribute == attribute
