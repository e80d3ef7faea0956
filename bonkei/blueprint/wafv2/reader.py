"""aws_wafv2_web_acl, its associations, and the rule groups it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.wafv2 import (
    CustomResponse,
    WafAction,
    WafRule,
    WebAcl,
)
from bonkei.blueprint.wafv2.statement import not_simulated_parts, read_statement

_ARN_PARTS = 6
_ACTIONS = ("allow", "block", "count", "captcha", "challenge")


@dataclass(frozen=True, slots=True)
class _Body:
    content: str
    content_type: str


def read_web_acls(state: State, gaps: Gaps) -> tuple[WebAcl, ...]:
    """Every web ACL with the resources that it protects."""
    return tuple(_web_acl(resource, state, gaps) for resource in state.managed("aws_wafv2_web_acl"))


def _web_acl(block: Resource, state: State, gaps: Gaps) -> WebAcl:
    arn = block.text("arn")
    if block.has("rule_json"):
        gaps.part(block, "rule_json", "rules as JSON text are not read: write them as blocks")
    rules = [
        rule if rule.group else replace(rule, labels=_full(rule.labels, arn))
        for item in _by_priority(block)
        for rule in _rules(item, _bodies(block), state)
    ]
    for rule in rules:
        for part in not_simulated_parts(rule.statement):
            what = f"{part.kind} {part.name}".rstrip()
            reason = f"rule {rule.name}: only AWS can evaluate {what}, which never matches here"
            gaps.part(block, "rule", reason)
    return block.read(
        WebAcl,
        scope=cast(
            Literal["REGIONAL", "CLOUDFRONT"], block.choice("scope", ("REGIONAL", "CLOUDFRONT"))
        ),
        default_action=_action(block.required_block("default_action"), _bodies(block)),
        rules=tuple(rules),
        protects=tuple(sorted(_protected(arn, state))),
        metric_name=_metric_name(block),
    )


def _protected(arn: str, state: State) -> Iterator[str]:
    for association in state.managed("aws_wafv2_web_acl_association"):
        if association.text("web_acl_arn") == arn:
            yield association.text("resource_arn")
    for distribution in state.managed("aws_cloudfront_distribution"):
        if distribution.text("web_acl_id", "") == arn:
            yield distribution.text("arn")


def _by_priority(block: Block) -> list[Block]:
    return sorted(block.blocks("rule"), key=lambda rule: rule.integer("priority"))


def _rules(block: Block, bodies: Mapping[str, _Body], state: State) -> Iterator[WafRule]:
    """One rule, or the rules of the group that it refers to, in their place."""
    statement = block.required_block("statement")
    if reference := statement.block("rule_group_reference_statement"):
        group = state.find(reference.text("arn"), "arn", "aws_wafv2_rule_group")
        if group is not None and group.has("rule"):
            yield from _group_rules(block, reference, group, state)
            return
    action = block.block("action")
    yield block.read(
        WafRule,
        # A managed group's own actions are unknown here, and its statement never matches.
        action=_action(action, bodies) if action else WafAction("count"),
        statement=read_statement(statement, state),
        metric_name=_metric_name(block),
        labels=tuple(label.text("name") for label in block.blocks("rule_label")),
    )


def _group_rules(
    block: Block, reference: Block, group: Resource, state: State
) -> Iterator[WafRule]:
    """ "Using rule groups in AWS WAF": the group's rules run in their own order, at the priority of
    the rule that refers to the group. The actions of one rule or of all rules can be overridden
    with count.

    https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-group-override-options.html
    """
    bodies = _bodies(group)
    override = block.block("override_action")
    count_all = override is not None and override.has("count")
    overrides = {
        item.text("name"): _action(item.required_block("action_to_use"), bodies)
        for item in reference.blocks("rule_action_override")
    }
    for item in _by_priority(group):
        for rule in _rules(item, bodies, state):
            action = WafAction("count") if count_all else overrides.get(rule.name, rule.action)
            yield replace(
                rule,
                name=f"{block.text('name')}/{rule.name}",
                priority=block.integer("priority"),
                action=action,
                group=group.text("arn"),
                labels=_full(rule.labels, group.text("arn")),
            )


def _full(labels: tuple[str, ...], owner: str) -> tuple[str, ...]:
    """The full names of a web ACL's or a rule group's labels.

    "Label syntax and naming requirements in AWS WAF" (AWS WAF Developer Guide):
    `awswaf:<account>:<webacl or rulegroup>:<name>:<label>`.
    """
    account, kind, name = "", "webacl", ""
    if len(parts := owner.split(":", 5)) == _ARN_PARTS:
        account, path = parts[4], parts[5].split("/")
        kind, name = path[1] if len(path) > 1 else kind, path[2] if len(path) > 2 else name
    return tuple(f"awswaf:{account}:{kind}:{name}:{each}" for each in labels)


def _action(block: Block, bodies: Mapping[str, _Body]) -> WafAction:
    kinds = [kind for kind in _ACTIONS if block.values.get(kind)]
    if len(kinds) != 1:
        block.refuse("", f"needs exactly one of {', '.join(_ACTIONS)}")
    kind = cast(Literal["allow", "block", "count", "captcha", "challenge"], kinds[0])
    chosen = block.required_block(kind)
    custom = chosen.block("custom_response") if kind == "block" else None
    return WafAction(kind, _custom_response(custom, bodies) if custom else None)


def _custom_response(block: Block, bodies: Mapping[str, _Body]) -> CustomResponse:
    key = block.text("custom_response_body_key", "")
    if key and key not in bodies:
        block.refuse("custom_response_body_key", "no custom_response_body has this key")
    body = bodies.get(key, _Body("", ""))
    return CustomResponse(
        status=block.integer("response_code"),
        headers=tuple((h.text("name"), h.text("value")) for h in block.blocks("response_header")),
        body=body.content,
        content_type=body.content_type,
    )


_CONTENT_TYPES = {
    "TEXT_PLAIN": "text/plain",
    "TEXT_HTML": "text/html",
    "APPLICATION_JSON": "application/json",
}


def _bodies(block: Block) -> dict[str, _Body]:
    return {
        item.text("key"): _Body(
            item.text("content"),
            _CONTENT_TYPES[item.choice("content_type", tuple(_CONTENT_TYPES))],
        )
        for item in block.blocks("custom_response_body")
    }


def _metric_name(block: Block) -> str:
    visibility = block.block("visibility_config")
    if visibility is None or not visibility.flag("cloudwatch_metrics_enabled", True):
        return ""
    return visibility.text("metric_name", "")
