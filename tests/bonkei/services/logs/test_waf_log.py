"""The records of AWS WAF, as its documentation shows them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from requests_sample import (
    ACCOUNT,
    ACL,
    ALLOWED,
    BLOCKED,
    BLOCKS,
    BY_DISTRIBUTION,
    HEADERS,
    LABEL,
    NOW,
    REGION,
    RULE_GROUP,
    architecture,
)

from bonkei.blueprint.logs.access_log import WafLog, WafLogFilter
from bonkei.blueprint.wafv2 import CustomResponse, WafAction
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.http.firewall import Verdict
from bonkei.services.edge.http.message import Response
from bonkei.services.logs.delivery.requests.request import Finished
from bonkei.services.logs.delivery.requests.waf import keeps
from tests.bonkei.services.logs.formats import line, logs

# AWS WAF


def waf_record(access: AccessRecord, **more: Any) -> Any:
    [log] = logs(architecture(default="KEEP", **more), ACL)
    return json.loads(line(log, access))


def test_the_record_of_a_blocked_request() -> None:
    """ "Log fields for protection pack (web ACL) traffic"."""
    found = waf_record(BLOCKED)
    assert (found["action"], found["terminatingRuleId"]) == ("BLOCK", "no-header")
    assert found["terminatingRuleType"] == "REGULAR"
    assert found["nonTerminatingMatchingRules"] == [
        {"ruleId": "odd", "action": "COUNT", "ruleMatchDetails": []}
    ]
    assert found["labels"] == [{"name": LABEL}]
    assert (found["httpSourceName"], found["httpSourceId"]) == (
        "ALB",
        f"{ACCOUNT}-app/web/50dc6c495c0c9188",
    )
    assert found["timestamp"] == 1_699_999_999_750
    asked = found["httpRequest"]
    assert (asked["uri"], asked["args"], asked["httpMethod"]) == ("/a", "b=c", "GET")
    assert {each["name"] for each in asked["headers"]} == {
        *("Host", "User-Agent", "Referer", "Cookie", "X-Forwarded-For")
    }


def test_a_block_with_a_custom_response() -> None:
    """`responseCodeSent`: "the response code sent with a custom response"."""
    response = Response(429, ((b"Retry-After", b"1"),), b"slow")
    verdict = Verdict(ACL, "rate", True, response=response)
    wanted = architecture(default="KEEP")
    (acl,) = wanted.web_acls
    custom = WafAction("block", CustomResponse(429))
    rules = tuple(replace(r, action=custom) if r.name == "rate" else r for r in acl.rules)
    [log] = logs(replace(wanted, web_acls=(replace(acl, rules=rules),)), ACL)
    for _ in range(2):
        found = json.loads(line(log, BLOCKED._replace(inspections=((verdict, []),))))
        assert found["responseCodeSent"] == 429


def test_the_record_of_an_allowed_request_names_the_rule_or_the_default_action() -> None:
    allowed = waf_record(BY_DISTRIBUTION)
    assert (allowed["action"], allowed["terminatingRuleId"]) == ("ALLOW", "with-header")
    assert "labels" not in allowed
    by_default = ((Verdict(ACL, "Default_Action", False), list(HEADERS)),)
    found = waf_record(BY_DISTRIBUTION._replace(inspections=by_default))
    assert (found["action"], found["terminatingRuleId"]) == ("ALLOW", "Default_Action")


def test_a_rule_of_a_rule_group_is_logged_under_its_group() -> None:
    """ "Log examples": `terminatingRuleType` GROUP, and `ruleGroupList`."""
    verdict = Verdict(ACL, "common/bad", True, ("common/seen",))
    found = waf_record(BLOCKED._replace(inspections=((verdict, []),)))
    assert (found["terminatingRuleId"], found["terminatingRuleType"]) == ("bad", "GROUP")
    assert found["ruleGroupList"] == [
        {
            "ruleGroupId": RULE_GROUP,
            "terminatingRule": {"ruleId": "bad", "action": "BLOCK"},
            "nonTerminatingMatchingRules": [{"ruleId": "seen", "action": "COUNT"}],
            "excludedRules": None,
        }
    ]
    assert found["nonTerminatingMatchingRules"] == []


def test_a_rate_based_rule_is_in_its_list() -> None:
    """ "Log examples", rate-based rule 1."""
    found = waf_record(BLOCKED._replace(inspections=((Verdict(ACL, "rate", True), []),)))
    [rate] = found["rateBasedRuleList"]
    assert found["terminatingRuleType"] == "RATE_BASED"
    assert (
        rate.items()
        >= {
            "rateBasedRuleName": "rate",
            "limitKey": "IP",
            "maxRateAllowed": 100,
            "evaluationWindowSec": "120",
            "limitValue": "192.0.2.1",
        }.items()
    )


def test_redacted_fields_are_not_in_the_log() -> None:
    """ "Configuring logging": "Redacted fields appear as REDACTED in the logs"."""
    redacted = (
        *(("single_header", "cookie"), ("uri_path", "")),
        *(("query_string", ""), ("method", "")),
    )
    [log] = logs(architecture(default="KEEP", redacted=redacted), ACL)
    text = line(log, BY_DISTRIBUTION)
    assert "opensesame" not in text
    found = json.loads(text)["httpRequest"]
    assert {"name": "Cookie", "value": "REDACTED"} in found["headers"]
    assert {found["uri"], found["args"], found["httpMethod"]} == {"REDACTED"}


def test_objects_of_waf_in_a_bucket() -> None:
    """ "Amazon S3" among "AWS WAF logging destinations": the path of an object."""
    [log] = logs(architecture(default="KEEP", destinations=("arn:aws:s3:::aws-waf-logs-x/p",)), ACL)
    assert log.bucket == "aws-waf-logs-x"
    assert log.key(NOW, "e0ca43b5") == (
        f"p/AWSLogs/{ACCOUNT}/WAFLogs/{REGION}/guard/2023/11/14/22/13/"
        f"{ACCOUNT}_waflogs_{REGION}_guard_20231114T2213Z_e0ca43b5.log.gz"
    )
    assert log.by.service == "delivery.logs.amazonaws.com"


LABELLED = WafLogFilter("KEEP", "MEETS_ANY", labels=(LABEL,))
COUNTED = WafLogFilter("KEEP", "MEETS_ANY", ("COUNT",))
BOTH = WafLogFilter("KEEP", "MEETS_ALL", ("BLOCK",), (LABEL,))


@pytest.mark.parametrize(
    ("filters", "default", "kept"),
    [
        ((), "KEEP", {"ALLOW", "BLOCK", "COUNT"}),
        ((BLOCKS,), "DROP", {"BLOCK"}),
        ((replace(BLOCKS, behavior="DROP"),), "KEEP", {"ALLOW", "COUNT"}),
        ((COUNTED,), "DROP", {"COUNT"}),
        ((LABELLED,), "DROP", {"COUNT"}),
        ((BOTH,), "DROP", set()),
        ((replace(BOTH, actions=("ALLOW",)),), "DROP", {"COUNT"}),
    ],
    ids=["none", "keep", "drop", "count", "label", "all but one", "all"],
)
def test_filters_select_the_records(
    filters: tuple[WafLogFilter, ...], default: str, kept: set[str]
) -> None:
    """ "Logging a filtered subset": a filter matches if any, or all, of its conditions are met."""
    log = WafLog("w", ACL, (), default, filters)
    kinds = {
        "ALLOW": (frozenset({"ALLOW"}), ()),
        "BLOCK": (frozenset({"BLOCK"}), ()),
        "COUNT": (frozenset({"ALLOW", "COUNT"}), (LABEL,)),
    }
    assert {
        name for name, (actions, labels) in kinds.items() if keeps(log, actions, labels)
    } == kept


def test_a_request_without_a_web_acl_has_no_record() -> None:
    [log] = logs(architecture(default="KEEP"), ACL)
    assert log.line(Finished(NOW, BY_DISTRIBUTION._replace(inspections=()))) is None
    assert ALLOWED.acl == ACL
