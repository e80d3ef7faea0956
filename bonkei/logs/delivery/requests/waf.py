"""AWS WAF's log of a web ACL.

Source: "Log fields for protection pack (web ACL) traffic", "CloudWatch Logs" and "Logging a
filtered subset" (docs.aws.amazon.com/waf/latest/developerguide): the record, the stream's name, and
which records are kept. Of the headers only those are there that the edge's record has, so that
nothing is left to redact. Rules that count are not known.
"""

from __future__ import annotations

import json

from bonkei.blueprint.access_log import WafLog, WafLogFilter
from bonkei.blueprint.web_acl import WebAcl
from bonkei.logs.delivery.requests.request import Finished


def keeps(log: WafLog, action: str) -> bool:
    """Whether a record of a request that ended with this action (ALLOW, BLOCK) is logged."""
    for each in log.filters:
        if _holds(each, action):
            return each.behavior == "KEEP"
    return log.default_behavior == "KEEP"


def _holds(each: WafLogFilter, action: str) -> bool:
    if each.requirement == "MEETS_ALL":  # a request has one action and, here, no label
        return not each.labels and set(each.actions) == {action}
    return action in each.actions


def stream_name(region: str, acl: WebAcl) -> str:
    """Of the log stream."""
    place = "cloudfront" if acl.scope == "CLOUDFRONT" else region
    return f"{place}_{acl.name}_0"


def record(request: Finished, acl: WebAcl, source: str) -> str:
    """`source`: the ARN of what the web ACL protects."""
    access = request.access
    rule = access.blocked_by
    known = {each.name for each in acl.rules}
    stem, _, query = access.target.partition("?")
    is_distribution = acl.scope == "CLOUDFRONT"
    headers = (("Host", access.host), ("User-Agent", access.user_agent))
    return json.dumps(
        {
            "timestamp": int((request.time - access.seconds) * 1000),
            "formatVersion": 1,
            "webaclId": acl.arn,
            "terminatingRuleId": rule if rule in known else "Default_Action",
            "terminatingRuleType": "REGULAR",
            "action": "BLOCK" if rule else "ALLOW",
            "terminatingRuleMatchDetails": [],
            "httpSourceName": "CF" if is_distribution else "ALB",
            "httpSourceId": _source_id(source, is_distribution=is_distribution),
            "ruleGroupList": [],
            "rateBasedRuleList": [],
            "nonTerminatingMatchingRules": [],
            "requestHeadersInserted": None,
            "responseCodeSent": None,
            "httpRequest": {
                "clientIp": access.client,
                "country": "-",
                "headers": [{"name": name, "value": value} for name, value in headers if value],
                "uri": stem,
                "args": query,
                "httpVersion": "HTTP/1.1",
                "httpMethod": access.method,
                "requestId": access.trace_id.removeprefix("Root=") or "-",
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _source_id(arn: str, *, is_distribution: bool) -> str:
    if is_distribution:
        return arn.rpartition("/")[2]
    account = arn.split(":")[4] if arn.count(":") > 4 else ""
    return f"{account}-{arn.partition(':loadbalancer/')[2]}"
