"""The action of a listener or of one of its rules."""

from __future__ import annotations

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.elbv2 import (
    Action,
    FixedResponse,
    Forward,
    Redirect,
    WeightedTarget,
)
from bonkei.blueprint.state import Resource
from bonkei.blueprint.state.block import Block

_FINAL = ("forward", "redirect", "fixed-response")


def read_action(block: Resource, name: str, gaps: Gaps) -> Action:
    """The final action. An action before it (signing in) is noted, and the miniature lets requests
    pass."""
    actions = sorted(block.blocks(name), key=lambda action: action.integer("order", 1))
    final = [action for action in actions if action.text("type") in _FINAL]
    if len(final) != 1:
        block.refuse(name, f"exactly one action is of type {', '.join(_FINAL)}")
    for action in actions:
        if action is not final[0]:
            gaps.part(block, f"{name}.{action.text('type')}", "requests pass without signing in")
    match final[0].text("type"):
        case "redirect":
            return _redirect(final[0].required_block("redirect"))
        case "fixed-response":
            return _fixed_response(final[0].required_block("fixed_response"))
        case _:
            return _forward(final[0])


def _forward(action: Block) -> Forward:
    forward = action.block("forward")
    if forward is None:
        return Forward((WeightedTarget(action.text("target_group_arn")),))
    stickiness = forward.block("stickiness")
    sticky = stickiness is not None and stickiness.flag("enabled")
    targets = tuple(
        WeightedTarget(target.text("arn"), target.integer("weight", 1))
        for target in forward.blocks("target_group")
    )
    return Forward(
        targets=tuple(sorted(targets, key=lambda target: target.target_group_arn)),
        stickiness=stickiness.integer("duration") if stickiness and sticky else 0,
    )


def _redirect(block: Block) -> Redirect:
    status = block.choice("status_code", ("HTTP_301", "HTTP_302"))
    return Redirect(
        status=int(status.removeprefix("HTTP_")),
        protocol=block.text("protocol", "#{protocol}"),
        host=block.text("host", "#{host}"),
        port=block.text("port", "#{port}"),
        path=block.text("path", "/#{path}"),
        query=block.text("query", "#{query}"),
    )


def _fixed_response(block: Block) -> FixedResponse:
    return FixedResponse(
        status=block.integer("status_code", 200),
        content_type=block.text("content_type"),
        body=block.text("message_body", ""),
    )
