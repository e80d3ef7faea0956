"""Planned values and replacements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bonkei.definitions.provider import apply
from bonkei.definitions.provider.behaviour import ANY_CHANGE, Context, ResourceBehaviour
from bonkei.definitions.provider.plan import plan_creation, plan_update
from bonkei.definitions.provider.schema import Attribute, Block, NestedBlock, empty
from bonkei.definitions.provider.values import UNKNOWN

TAGS = ["map", "string"]
RULE = Block(
    {
        "port": Attribute("number", optional=True),
        "rule_id": Attribute("string", computed=True),
    }
)
BLOCK = Block(
    {
        "id": Attribute("string", computed=True),
        "arn": Attribute("string", computed=True),
        "name": Attribute("string", optional=True, computed=True),
        "size": Attribute("number", optional=True, computed=True),
        "policy": Attribute("string", optional=True),
        "zones": Attribute(["set", "string"], optional=True),
        "version": Attribute("number", computed=True),
        "region": Attribute("string", optional=True, computed=True),
        "tags": Attribute(TAGS, optional=True),
        "tags_all": Attribute(TAGS, optional=True, computed=True),
        "secret_wo": Attribute("string", optional=True, write_only=True),
    },
    {
        "rule": NestedBlock("list", RULE),
        "setting": NestedBlock("set", Block({"key": Attribute("string", required=True)})),
    },
)
PLAIN = ResourceBehaviour()
CONTEXT = Context(region="eu-west-1", default_tags={"Owner": "team", "Stage": "dev"})


def config(**values: Any) -> dict[str, Any]:
    return {**empty(BLOCK), **values}


def created(behaviour: ResourceBehaviour = PLAIN, **values: Any) -> dict[str, Any]:
    given = config(**values)
    planned = plan_creation(BLOCK, behaviour, given, given, CONTEXT).planned
    return apply.complete("aws_thing", BLOCK, behaviour, planned, CONTEXT)


def proposed(prior: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Terraform's proposal: the configuration, and the prior value of computed attributes."""
    return {
        name: prior[name]
        if name in BLOCK.attributes and BLOCK.attributes[name].computed and value is None
        else value
        for name, value in given.items()
    }


def updated(prior: dict[str, Any], behaviour: ResourceBehaviour = PLAIN, **values: Any) -> Any:
    given = config(**values)
    return plan_update(BLOCK, behaviour, prior, given, proposed(prior, given), CONTEXT)


def test_a_plan_of_a_creation_knows_arguments_and_no_computed_value() -> None:
    given = config(name="x", rule=[{"port": 80, "rule_id": None}])
    planned = plan_creation(BLOCK, ResourceBehaviour(), given, given, CONTEXT).planned
    assert planned["name"] == "x"
    assert planned["id"] is UNKNOWN
    assert planned["size"] is UNKNOWN
    assert planned["policy"] is None
    assert planned["rule"] == [{"port": 80, "rule_id": UNKNOWN}]


def test_a_plan_of_a_creation_knows_the_region_and_all_tags() -> None:
    given = config(tags={"Stage": "prod", "Empty": None})
    planned = plan_creation(BLOCK, ResourceBehaviour(), given, given, CONTEXT).planned
    assert planned["region"] == "eu-west-1"
    assert planned["tags_all"] == {"Owner": "team", "Stage": "prod"}
    assert planned["tags"] == {"Stage": "prod", "Empty": None}


def test_all_tags_are_unknown_if_one_is() -> None:
    given = config(tags={"Name": UNKNOWN})
    planned = plan_creation(BLOCK, ResourceBehaviour(), given, given, CONTEXT).planned
    assert planned["tags_all"] is UNKNOWN


def test_defaults_apply_at_creation_only() -> None:
    behaviour = ResourceBehaviour(defaults=lambda _: {"size": 5})
    state = created(behaviour)
    assert state["size"] == 5
    assert updated({**state, "size": 7}, behaviour, policy="p").planned["size"] == 7


def test_an_arguments_default_returns_when_the_argument_is_removed() -> None:
    behaviour = ResourceBehaviour(argument_defaults={"size": 5, "rule.port": 443})
    state = created(behaviour, size=9, rule=[{"port": None, "rule_id": None}])
    assert state["size"] == 9
    assert state["rule"][0]["port"] == 443
    plan = updated(state, behaviour, rule=[{"port": None, "rule_id": "r"}])
    assert plan.planned["size"] == 5


def test_an_unchanged_resource_has_no_change() -> None:
    state = created(name="x", zones=["a", "b"], tags={"k": "v"})
    assert updated(state, name="x", zones=["b", "a"], tags={"k": "v"}).planned == state


def test_computed_values_stay_in_an_update() -> None:
    state = created(name="x")
    planned = updated(state, name="x", policy="new").planned
    assert planned == {**state, "policy": "new"}


def test_values_that_a_change_recomputes_are_unknown() -> None:
    behaviour = ResourceBehaviour(
        recomputed_on_change={"version": frozenset({"policy"}), "arn": ANY_CHANGE},
        mint=lambda _planned, context: {"version": context.generation},
    )
    state = created(behaviour, policy="a")
    by_policy = updated(state, behaviour, policy="b").planned
    assert by_policy["version"] is UNKNOWN
    by_tags = updated(state, behaviour, policy="a", tags={"k": "v"}).planned
    assert by_tags["version"] == state["version"]
    assert by_tags["arn"] is UNKNOWN
    context = replace(CONTEXT, generation=2)
    after = apply.complete("aws_thing", BLOCK, behaviour, by_policy, context)
    assert (state["version"], after["version"]) == (1, 2)


def test_a_changed_default_tag_changes_the_resource() -> None:
    state = created(name="x")
    given = config(name="x")
    context = Context(region="eu-west-1", default_tags={"Owner": "another"})
    plan = plan_update(BLOCK, ResourceBehaviour(), state, given, proposed(state, given), context)
    assert plan.planned["tags_all"] == {"Owner": "another"}
    assert plan.replaced_by == ()


def test_two_spellings_of_one_value_are_not_a_change() -> None:
    behaviour = ResourceBehaviour(equivalent={"policy": lambda a, b: a.split() == b.split()})
    state = created(behaviour, policy="a b")
    assert updated(state, behaviour, policy="a   b").planned == state
    assert updated(state, behaviour, policy="a c").planned["policy"] == "a c"


@pytest.mark.parametrize(
    ("force_new", "change", "paths"),
    [
        ({"name"}, {"name": "y"}, (("name",),)),
        ({"name"}, {"policy": "y"}, ()),
        ({"rule.port"}, {"rule": [{"port": 81, "rule_id": "r"}]}, (("rule", 0, "port"),)),
        ({"rule"}, {"rule": []}, (("rule",),)),
        ({"name"}, {"name": UNKNOWN}, (("name",),)),
    ],
)
def test_a_change_that_cannot_be_made_in_place_replaces_the_resource(
    force_new: set[str], change: dict[str, Any], paths: tuple[Any, ...]
) -> None:
    before = {"name": "x", "rule": [{"port": 80, "rule_id": "r"}]}
    behaviour = ResourceBehaviour(force_new=frozenset(force_new))
    state = created(behaviour, **before)
    assert updated(state, behaviour, **{**before, **change}).replaced_by == paths


def test_the_order_of_a_set_replaces_nothing() -> None:
    behaviour = ResourceBehaviour(force_new=frozenset({"zones", "setting.key"}))
    settings = [{"key": "a"}, {"key": "b"}]
    state = created(behaviour, zones=["a", "b"], setting=settings)
    plan = updated(state, behaviour, zones=["b", "a"], setting=settings[::-1], policy="p")
    assert plan.replaced_by == ()


def test_a_write_only_argument_is_in_no_plan() -> None:
    given = config(secret_wo="hidden")
    planned = plan_creation(BLOCK, ResourceBehaviour(), given, given, CONTEXT).planned
    assert planned["secret_wo"] is None


def test_an_adopted_resource_is_not_replaced_for_an_unknown_value() -> None:
    behaviour = ResourceBehaviour(force_new=frozenset({"name", "policy"}))
    prior = {**empty(BLOCK), "id": "i", "name": "old"}
    given = config(name="new", policy="p")
    plan = plan_update(
        BLOCK, behaviour, prior, given, proposed(prior, given), CONTEXT, adopted=True
    )
    assert plan.replaced_by == (("name",),)


def test_generic_values_have_the_schemas_types_and_are_unique() -> None:
    one = created(rule=[{"port": 1, "rule_id": None}])
    given = config()
    planned = plan_creation(BLOCK, ResourceBehaviour(), given, given, CONTEXT).planned
    other = apply.complete(
        "aws_thing", BLOCK, ResourceBehaviour(), planned, Context(token="fedcba9876543210f")
    )
    assert one["arn"] == "arn:aws:thing:eu-west-1:123456789012:thing/0123456789abcdef0"
    assert one["rule"][0]["rule_id"] == ""
    assert one["version"] == 0
    assert not {one["id"], one["arn"], one["name"]} & {other["id"], other["arn"], other["name"]}


def test_generated_values_reach_into_blocks_and_never_replace_arguments() -> None:
    behaviour = ResourceBehaviour(
        mint=lambda planned, context: {
            "id": f"t-{context.token}",
            "policy": "not yours",
            "rule": [{"port": 9, "rule_id": f"r{n}"} for n, _ in enumerate(planned["rule"])],
        }
    )
    state = created(behaviour, policy="mine", rule=[{"port": 1, "rule_id": None}])
    assert state["id"] == "t-0123456789abcdef0"
    assert state["policy"] == "mine"
    assert state["rule"] == [{"port": 1, "rule_id": "r0"}]
