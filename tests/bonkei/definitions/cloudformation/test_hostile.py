"""Any template gives a plan, or a refusal in CloudFormation's words."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bonkei import blueprint
from bonkei.blueprint import BlueprintError
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.stacks.conflicts import conflicts
from bonkei.definitions.cloudformation.stacks.gaps import gaps
from bonkei.definitions.cloudformation.stacks.refusals import invalid
from bonkei.definitions.cloudformation.stacks.stored import resources_of
from bonkei.definitions.cloudformation.stacks.values import Stack
from bonkei.definitions.cloudformation.template import Function, read_template
from bonkei.definitions.cloudformation.template.document import load_document
from tests.bonkei.definitions.cloudformation.stacks import (
    PIPELINE,
    STACK,
    STATUS_PAGE,
    changed,
    planned,
)

WRONG: list[Any] = [
    *(None, 0, -1, 1.5, True, "", "a" * 300, [], {}, ["a"], [[]], {"a": "b"}),
    *({"Ref": "AWS::NoValue"}, {"Ref": "Nobody"}, {"Ref": 7}, {"Ref": "StateBucket"}),
    *({"Fn::GetAtt": "Key"}, {"Fn::GetAtt": ["Key"]}, {"Fn::Sub": "${Key.Arn}${X"}),
    *({"Fn::Sub": ["${a}", {"a": []}]}, {"Fn::If": [["a"], 1, 2]}, {"Fn::If": ["a"]}),
    *({"Fn::Join": [",", {"Ref": "Key"}]}, {"Fn::Select": [0, []]}, {"Fn::FindInMap": []}),
    *({"Fn::ImportValue": {"Ref": "AWS::NoValue"}}, {"Condition": "SourceIsCodeCommit"}),
    *({"Fn::Split": ["", ""]}, {"Fn::Base64": {}}, {"Fn::Equals": []}, {"Fn::Transform": {}}),
]  # fmt: skip


def plain(value: Any) -> Any:
    """The document in JSON's long form."""
    match value:
        case Function():
            return {value.name: plain(value.argument)}
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    for key, each in list(enumerate(value)) if isinstance(value, list) else pairs:
        yield (*path, key)
        yield from paths(each, (*path, key))


WHOLE = plain(load_document(PIPELINE).value)
PLACES = list(paths(WHOLE))


def spoilt(chance: random.Random) -> str:
    document = copy.deepcopy(WHOLE)
    for path in chance.sample(PLACES, chance.choice([1, 1, 2, 3])):
        try:
            around = document
            for key in path[:-1]:
                around = around[key]
            if isinstance(around, dict) and chance.random() < 0.2:
                del around[path[-1]]
            else:
                around[path[-1]] = copy.deepcopy(chance.choice(WRONG))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has removed this place
    return json.dumps(document)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_template(seed: int) -> None:
    try:
        target = planned(spoilt(random.Random(seed)), **STATUS_PAGE)  # noqa: S311
    except TemplateError:
        return
    stack = Stack(STACK.id, "shop", 1.0, resources=target.resources, wanted=target)
    conflicts(stack, [], [])
    changed(STACK, target)
    list(gaps([stack]))
    if not invalid(target.resources) and not any(each.reason for each in target.resources):
        with suppress(BlueprintError):  # the stack rolls back
            blueprint.read({}, resources_of([stack]))


@pytest.mark.parametrize(
    "text",
    [
        "a: " * 5_000,
        "[" * 20_000,
        '{"Resources": ' * 5_000,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "Resources: !!python/object/apply:os.system [true]",
        "Resources: { A: { Type: !!binary aGVsbG8= } }",
        "? [a, b]\n: c",
        "<<: { a: b }",
        "\x00",
    ],
)
def test_texts_that_are_not_templates(text: str) -> None:
    with pytest.raises(TemplateError):
        read_template(text)


def test_a_long_chain_of_conditions() -> None:
    names = "\n".join(f"  C{n}: !Not [!Condition C{n + 1}]" for n in range(3_000))
    names += "\n  C3000: !Equals [a, a]"
    text = f"Conditions:\n{names}\nResources: {{ K: {{ Type: AWS::KMS::Key }} }}"
    with pytest.raises(TemplateError, match="too many conditions depend on each other"):
        planned(text)
