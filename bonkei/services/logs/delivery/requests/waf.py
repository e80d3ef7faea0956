"""AWS WAF's log of a web ACL.

Sources (docs.aws.amazon.com/waf/latest/developerguide): "Log fields for protection pack (web ACL)
traffic", "CloudWatch Logs", "Amazon S3", and "Logging a filtered subset": the record, the names
of streams and objects, which records are kept, and `REDACTED` in place of redacted fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bonkei.base.arn import Arn
from bonkei.blueprint.logs.access_log import WafLog, WafLogFilter
from bonkei.blueprint.wafv2 import RateBased, WafRule, WebAcl
from bonkei.services.logs.delivery.requests.cloudfront import DELIVERY
from bonkei.services.logs.delivery.requests.request import (
    Access,
    Finished,
    Headers,
    Verdict,
    headers_of,
)
from bonkei.services.logs.delivery.requests.target import Deliverer, Key, Line, Target, prefixed

_REDACTED = "REDACTED"
_MOST_LABELS = 100
_ACTIONS = {"captcha": "CAPTCHA", "challenge": "CHALLENGE"}

SourceOf = Callable[[Access], str]
"""The ARN of the resource that received the request and that the web ACL protects."""


def targets(log: WafLog, acl: WebAcl, account: str, source_of: SourceOf) -> Iterator[Target]:
    """One for each simulated destination: log groups and buckets."""
    title = f"AWS WAF's log {log.address}"
    line, ignores = _lines(log, acl, source_of)
    for destination in log.destinations:
        region = Arn.of(destination).region or Arn.of(acl.arn).region
        by = Deliverer(DELIVERY, f"arn:aws:logs:{region}:{account}:*", account, grants_itself=True)
        if ":log-group:" in destination:
            group = destination.split(":log-group:")[1].removesuffix(":*")
            place = "cloudfront" if acl.scope == "CLOUDFRONT" else region
            stream = f"{place}_{acl.name}_0"
            yield Target(title, line, by, group=group, stream=stream, ignores=ignores)
        elif ":s3:::" in destination:
            bucket, _, prefix = destination.split(":s3:::")[1].partition("/")
            key = _key(prefix, account, acl)
            yield Target(title, line, by, bucket, key, ignores=ignores)


def _key(prefix: str, account: str, acl: WebAcl) -> Key:
    place = "cloudfront" if acl.scope == "CLOUDFRONT" else Arn.of(acl.arn).region

    def key(end: float, unique: str) -> str:
        moment = datetime.fromtimestamp(end, UTC)
        return (
            f"{prefixed(prefix)}AWSLogs/{account}/WAFLogs/{place}/{acl.name}/"
            f"{moment:%Y/%m/%d/%H/%M}/{account}_waflogs_{place}_{acl.name}_"
            f"{moment:%Y%m%dT%H%MZ}_{unique}.log.gz"
        )

    return key


def _lines(log: WafLog, acl: WebAcl, source_of: SourceOf) -> tuple[Line, Callable[[Access], bool]]:
    """The log's entries, and whether it ignores a request."""
    rules = {rule.name: rule for rule in acl.rules}
    arn = acl.arn

    def is_kept(verdict: Verdict) -> bool:
        """Whether requests with this verdict are logged."""
        return keeps(log, _actions(verdict, rules), verdict.labels)

    def line(request: Finished) -> str | None:
        for verdict, headers in request.access.inspections:
            if verdict.acl == arn:
                return entry(request, verdict, headers) if is_kept(verdict) else None
        return None

    def ignores(access: Access) -> bool:
        first = next((each for each, _ in access.inspections if each.acl == arn), None)
        return first is None or not is_kept(first)

    def entry(request: Finished, verdict: Verdict, headers: Headers) -> str:
        found = _record(request, acl, verdict, rules, source_of(request.access))
        found["httpRequest"] |= _http_request(request.access, headers, log)
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    return line, ignores


def keeps(log: WafLog, actions: frozenset[str], labels: Sequence[str]) -> bool:
    """Whether a record is logged for a request with these actions (ALLOW or BLOCK, and COUNT if a
    rule counted it) and labels."""
    for each in log.filters:
        if _holds(each, actions, labels):
            return each.behavior == "KEEP"
    return log.default_behavior == "KEEP"


def _holds(each: WafLogFilter, actions: frozenset[str], labels: Sequence[str]) -> bool:
    met = [action in actions for action in each.actions]
    met += [label in labels for label in each.labels]
    return all(met) if each.requirement == "MEETS_ALL" else any(met)


def _actions(verdict: Verdict, rules: dict[str, WafRule]) -> frozenset[str]:
    return frozenset(
        ("BLOCK" if verdict.blocks else "ALLOW", *(_counted(rules, n) for n in verdict.counted))
    )


def _counted(rules: dict[str, WafRule], name: str) -> str:
    rule = rules.get(name)
    return _ACTIONS.get(rule.action.kind, "COUNT") if rule else "COUNT"


def _record(
    request: Finished, acl: WebAcl, verdict: Verdict, rules: dict[str, WafRule], source: str
) -> dict[str, Any]:
    rule = rules.get(verdict.rule)
    is_distribution = acl.scope == "CLOUDFRONT"
    custom = rule.action.response if rule and verdict.blocks else None
    if rule is None and verdict.blocks:
        custom = acl.default_action.response if acl.default_action else None
    matched = [n for n in (*verdict.counted, verdict.rule) if n in rules]
    found: dict[str, Any] = {
        "timestamp": int((request.time - request.access.seconds) * 1000),
        "formatVersion": 1,
        "webaclId": acl.arn,
        "terminatingRuleId": _own_name(rule) if rule else "Default_Action",
        "terminatingRuleType": _type(rule),
        "action": "BLOCK" if verdict.blocks else "ALLOW",
        "terminatingRuleMatchDetails": [],
        "httpSourceName": "CF" if is_distribution else "ALB",
        "httpSourceId": _source_id(source, is_distribution=is_distribution),
        "ruleGroupList": _groups(verdict, rules),
        "rateBasedRuleList": [
            each for n in matched if (each := _rate(rules[n], acl, request.access)) is not None
        ],
        "nonTerminatingMatchingRules": [
            {"ruleId": name, "action": _counted(rules, name), "ruleMatchDetails": []}
            for name in verdict.counted
            if not (name in rules and rules[name].group)
        ],
        "requestHeadersInserted": None,
        "responseCodeSent": custom.status if custom else None,
        "httpRequest": {},
    }
    if verdict.labels:
        found["labels"] = [{"name": each} for each in verdict.labels[:_MOST_LABELS]]
    return found


def _own_name(rule: WafRule) -> str:
    """The name of a group's rule, without the name of the rule that refers to the group."""
    return rule.name.partition("/")[2] if rule.group else rule.name


def _type(rule: WafRule | None) -> str:
    if rule is not None and rule.group:
        return "GROUP"
    return "RATE_BASED" if rule and isinstance(rule.statement, RateBased) else "REGULAR"


def _groups(verdict: Verdict, rules: dict[str, WafRule]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in (*verdict.counted, verdict.rule):
        rule = rules.get(name)
        if rule is None or not rule.group:
            continue
        entry = found.setdefault(
            rule.group,
            {
                "ruleGroupId": rule.group,
                "terminatingRule": None,
                "nonTerminatingMatchingRules": [],
                "excludedRules": None,
            },
        )
        if name == verdict.rule:
            action = "BLOCK" if verdict.blocks else "ALLOW"
            entry["terminatingRule"] = {"ruleId": _own_name(rule), "action": action}
        else:
            entry["nonTerminatingMatchingRules"].append(
                {"ruleId": _own_name(rule), "action": _counted(rules, name)}
            )
    return list(found.values())


def _rate(rule: WafRule, acl: WebAcl, access: Access) -> dict[str, Any] | None:
    """The id is derived from the rule's name, because AWS documents no form."""
    statement = rule.statement
    if not isinstance(statement, RateBased):
        return None
    key = {"FORWARDED_IP": "FORWARDEDIP", "CONSTANT": "CONSTANT"}.get(statement.aggregate, "IP")
    found: dict[str, Any] = {
        "rateBasedRuleId": str(uuid5(NAMESPACE_URL, f"{acl.arn}/{rule.name}")),
        "rateBasedRuleName": rule.name,
        "limitKey": key,
        "maxRateAllowed": statement.limit,
        "evaluationWindowSec": str(statement.window),
    }
    return found | ({"limitValue": access.client} if key == "IP" else {})


def _http_request(access: Access, headers: Headers, log: WafLog) -> dict[str, Any]:
    hidden = {kind for kind, name in log.redacted if not name}
    hidden_headers = {name for _, name in log.redacted if name}
    stem, _, query = access.target.partition("?")
    return {
        "clientIp": access.client,
        "country": "-",
        "headers": [
            {"name": name, "value": _REDACTED if name.lower() in hidden_headers else value}
            for name, value in headers_of(headers)
        ],
        "uri": _REDACTED if "uri_path" in hidden else stem,
        "args": _REDACTED if "query_string" in hidden else query,
        "httpVersion": "HTTP/1.1",
        "httpMethod": _REDACTED if "method" in hidden else access.method,
        "requestId": access.trace_id.removeprefix("Root=") or access.edge_id or "-",
    }


def _source_id(arn: str, *, is_distribution: bool) -> str:
    if is_distribution:
        return arn.rpartition("/")[2]
    account = Arn.of(arn).account
    return f"{account}-{arn.partition(':loadbalancer/')[2]}"
