"""Elastic Load Balancing: the actions of listeners and of their rules.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, first, same_shape
from bonkei.definitions.provider.aws.shared.checks import (
    Rule,
    at,
    matches,
    unsure,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.values import Object, Value, given

_ACTION_BLOCKS = {
    "fixed-response": "fixed_response",
    "redirect": "redirect",
    "authenticate-cognito": "authenticate_cognito",
    "authenticate-oidc": "authenticate_oidc",
    "jwt-validation": "jwt_validation",
}


def _actions(block: str) -> Rule:
    """Each action has the block of its type. Exactly one forwards, redirects or answers."""

    def rule(config: Object) -> Iterator[Problem]:
        actions = list(each(config.get(block)))
        for index, action in enumerate(actions):
            for problem in _action(action):
                yield Problem((block, index, *problem.path), problem.summary, problem.detail)
        kinds = [action.get("type") for action in actions]
        if not all(map(given, kinds)):
            return
        final = [kind for kind in kinds if kind in ("forward", "redirect", "fixed-response")]
        if len(final) != 1 and kinds:
            detail = "Exactly one of the actions forwards, redirects or gives a fixed response."
            yield Problem((block,), "Invalid actions", detail)

    return rule


def _action(action: Mapping[str, Value]) -> Iterator[Problem]:
    kind = action.get("type")
    if not given(kind):
        return
    kind = str(kind).lower()
    wanted = _ACTION_BLOCKS.get(kind)
    if wanted and not first(action.get(wanted)) and not unsure(action.get(wanted)):
        detail = f'An action of type "{kind}" needs a block "{wanted}".'
        yield Problem(("type",), "Missing block", detail)
    for other in {"forward", *_ACTION_BLOCKS.values()} - {wanted, kind}:
        if first(action.get(other)):
            detail = f'An action of type "{kind}" has no block "{other}".'
            yield Problem((other,), "Conflicting block", detail)
    target, forward = action.get("target_group_arn"), action.get("forward")
    if kind == "forward":
        if target is None and not first(forward) and not unsure(forward):
            detail = 'An action of type "forward" needs "target_group_arn" or a block "forward".'
            yield Problem(("type",), "Missing argument", detail)
    elif target is not None:
        detail = f'An action of type "{kind}" has no "target_group_arn".'
        yield Problem(("target_group_arn",), "Conflicting arguments", detail)


def action_values(block: str) -> tuple[Rule, ...]:
    return (
        at(f"{block}.target_group_arn", arn("elasticloadbalancing", resource="targetgroup/")),
        at(f"{block}.forward.target_group.arn", arn("elasticloadbalancing")),
        at(f"{block}.redirect.path", matches("/.*", "a path that begins with /")),
        at(f"{block}.redirect.port", matches(r"#\{port\}|[1-9]\d{0,4}", "a port or #{port}")),
        at(f"{block}.fixed_response.status_code", matches(r"[245]\d\d", "2XX, 4XX or 5XX")),
        _actions(block),
    )


def minted_actions(mint: Mint, block: str) -> Value:
    return same_shape(
        mint.planned.get(block),
        lambda index, action: {
            "order": index + 1,
            "fixed_response": same_shape(
                action.get("fixed_response"), lambda _index, _response: {"status_code": "200"}
            ),
        },
    )
