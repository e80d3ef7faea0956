"""Templates as tests write them, and their results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.definitions.cloudformation.evaluation.functions import Scope
from bonkei.definitions.cloudformation.evaluation.parameters import Given, resolve_parameters
from bonkei.definitions.cloudformation.resources.kind import Place, TypedValues
from bonkei.definitions.cloudformation.stacks.changes import changes
from bonkei.definitions.cloudformation.stacks.conflicts import Name
from bonkei.definitions.cloudformation.stacks.engine import Failed
from bonkei.definitions.cloudformation.stacks.planning import Surroundings, plan
from bonkei.definitions.cloudformation.stacks.values import Change, Inputs, Stack, Target
from bonkei.definitions.cloudformation.template import Template, read_template

ROOT = Path(__file__).resolve().parents[4]
PIPELINE = (ROOT / "environment" / "terraform_pipeline.yaml").read_text(encoding="utf-8")
PLACE = Place("aws", "ap-northeast-1", "123456789012")
STACK = Stack(PLACE.arn("cloudformation", "stack/shop/0"), "shop", 1.0)
DIGESTS = {"TerraformSha256": "a" * 64, "TrivySha256": "b" * 64}
STATUS_PAGE = {
    "ServiceName": "statuspage",
    "EnvironmentIdentifier": "production",
    "CodeCommitRepositoryName": "statuspage",
    **DIGESTS,
}


def parameters(text: str, given: Mapping[str, str]) -> Mapping[str, str]:
    return resolved(read_template(text), given)


def resolved(template: Template, given: Mapping[str, str]) -> Mapping[str, str]:
    values = {name: Given(one) for name, one in given.items()}
    return resolve_parameters(template.parameters, values, {})


def planned(
    text: str,
    stack: Stack = STACK,
    imports: Mapping[str, str] | None = None,
    /,
    **given: str,
) -> Target:
    template = read_template(text)
    inputs = Inputs(text, resolved(template, given))
    return plan(template, inputs, stack, Surroundings(PLACE, imports or {}))


def changed(stack: Stack, target: Target) -> tuple[Change, ...]:
    """What a change set shows."""
    template = read_template(target.inputs.template)
    return changes(stack, target, template, Surroundings(PLACE))


def outputs(text: str, imports: Mapping[str, str] | None = None, /, **given: str) -> dict[str, str]:
    return {one.name: one.value for one in planned(text, STACK, imports, **given).outputs}


def output(expression: str, more: str = "", **given: str) -> str:
    """The value of one expression in a template with `more`."""
    key = "Resources:\n  Key: { Type: AWS::KMS::Key }\n"
    text = f"{more}\n{key}Outputs:\n  It: {{ Value: {expression} }}\n"
    return outputs(text, **given)["It"]


def scope(**references: Any) -> Scope:
    return Scope(references=references)


class MemoryStore:
    """A double of `FileStore`."""

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}

    def load(self) -> list[Stack]:
        return list(self.stacks.values())

    def put(self, stack: Stack) -> None:
        self.stacks[stack.id] = stack

    def forget(self, stack: Stack) -> None:
        self.stacks.pop(stack.id, None)


@dataclass
class World:
    """A double of the miniature: it records calls, and fails when it is set to."""

    failing: list[Failed] = field(default_factory=list)
    others: list[TypedValues] = field(default_factory=list)
    by_hand: list[Name] = field(default_factory=list)
    followed: int = 0
    unreadable: str = ""
    instead: Callable[[], Awaitable[Sequence[Failed]]] | None = None

    async def follow(self) -> Sequence[Failed]:
        self.followed += 1
        if self.instead is not None:
            return await self.instead()
        failing, self.failing = self.failing, []
        return failing

    async def exists(self, name: Name) -> bool:
        return name in self.by_hand

    async def elsewhere(self) -> Sequence[TypedValues]:
        if self.unreadable:
            raise BonkeiError(self.unreadable)
        return self.others
