"""The protocol's operations, message by message, without Terraform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    EphemeralResource,
    Problem,
    Refused,
    ResourceBehaviour,
)
from bonkei.definitions.provider.plugin import codec
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.servicer import Servicer
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import (
    Attribute,
    Block,
    NestedBlock,
    ProviderSchema,
    empty,
    type_of,
)
from bonkei.definitions.provider.surroundings import Surroundings
from bonkei.definitions.provider.values import UNKNOWN, Object

ADDRESS = "registry.terraform.io/hashicorp/aws"
THING = Block(
    {
        "id": Attribute("string", computed=True),
        "name": Attribute("string", required=True),
        "note": Attribute("string", optional=True),
        "size": Attribute("number", optional=True),
        "region": Attribute("string", optional=True, computed=True),
        "secret_wo": Attribute("string", optional=True, write_only=True),
    },
    {
        "rule": NestedBlock("list", Block({"port": Attribute("number", required=True)})),
        "limit": NestedBlock(
            "set",
            Block(
                {
                    "name": Attribute("string", optional=True),
                    "most": Attribute("number", required=True),
                }
            ),
        ),
    },
)
TAGS = ["map", "string"]
TAGGED = Block(
    {
        "tags": Attribute(TAGS, optional=True),
        "tags_all": Attribute(TAGS, optional=True, computed=True),
    }
)
LOOKUP = Block(
    {"name": Attribute("string", required=True), "value": Attribute("string", computed=True)}
)
CONFIGURATION = Block(
    {"region": Attribute("string", optional=True)},
    {
        "default_tags": NestedBlock(
            "list", Block({"tags": Attribute(["map", "string"], optional=True)}), max_items=1
        )
    },
)


def check(config: Object) -> list[Problem]:
    return [
        Problem(("rule", index, "port"), "Invalid port", f"{rule['port']} is not a port.")
        for index, rule in enumerate(config["rule"])
        if rule["port"] is not UNKNOWN and not 0 < rule["port"] < 65536
    ] + [
        Problem(("limit", index, "most"), "Invalid limit", f"{limit['most']} is too little.")
        for index, limit in enumerate(config["limit"])
        if limit["most"] < 1
    ]


def mint(planned: Object, context: Context) -> Object:
    if planned["name"] == "taken":
        raise Refused("ThingAlreadyExists", "There is a thing of that name.", ("name",))
    return {"id": f"thing-{context.token}"}


def keep_secret(config: Object, state: Object, context: Context) -> None:
    context.vault.put(state["id"], config["secret_wo"])


def too_long(config: Object) -> list[Problem]:
    name = config["name"]
    return [Problem(("name",), "Too long")] if name is not UNKNOWN and len(name) > 9 else []


def look_up(config: Object, _: Context) -> Object:
    if config["name"] == "nothing":
        raise Refused("No such thing", path=("name",))
    return {"value": config["name"].upper()}


THINGS = ResourceBehaviour(
    validate=check,
    argument_defaults={"size": 3},
    force_new=frozenset({"name"}),
    mint=mint,
    after_apply=keep_secret,
    after_destroy=lambda state, context: context.vault.delete(state["id"]),
)
PROVIDER = assemble(
    Provider(
        schema=ProviderSchema(
            ADDRESS,
            "1",
            CONFIGURATION,
            resources={
                "aws_thing": THING,
                "aws_tagged": TAGGED,
                "aws_lb": LOOKUP,
                "aws_alb": LOOKUP,
            },
            data_sources={"aws_lookup": LOOKUP, "aws_other": LOOKUP},
            ephemeral_resources={"aws_lookup": LOOKUP, "aws_other": LOOKUP},
        ),
        resources={"aws_thing": THINGS},
        data_sources={"aws_lookup": DataSource(read=look_up, validate=too_long)},
        ephemeral_resources={"aws_lookup": EphemeralResource(open=look_up)},
    )
)


class Terraform:
    """Talks to a servicer as Terraform's core does."""

    def __init__(
        self,
        observed: Mapping[str, Mapping[str, Object]] | None = None,
        aws_rules: str = "error",
    ) -> None:
        self.vault = MemoryVault()
        around = Surroundings(vault=self.vault, observed=observed or {}, aws_rules=aws_rules)
        self.servicer = Servicer(PROVIDER, around)
        self.call("ConfigureProvider", config=value({"region": "eu-west-1"}, CONFIGURATION))

    def call(self, operation: str, **fields: Any) -> Any:
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
        request = message(f"{operation}.Request")(**fields)
        return getattr(self.servicer, snake)(request)

    def plan(self, prior: Object | None, config: Object | None, private: bytes = b"") -> Any:
        """`config` also serves as the proposal: a computed value comes only from the prior
        state.
        """
        proposed = config
        if prior is not None and config is not None:
            kept = {n: prior[n] for n in ("id", "region", "size") if config[n] is None}
            proposed = {**config, **kept}
        return self.call(
            "PlanResourceChange",
            type_name="aws_thing",
            prior_state=value(prior),
            proposed_new_state=value(proposed),
            config=value(config),
            prior_private=private,
        )

    def apply(self, prior: Object | None, config: Object | None, private: bytes = b"") -> Any:
        planned = self.plan(prior, config, private)
        assert not planned.diagnostics
        return self.call(
            "ApplyResourceChange",
            type_name="aws_thing",
            prior_state=value(prior),
            planned_state=planned.planned_state,
            config=value(config),
            planned_private=planned.planned_private or private,
        )


def value(given: Object | None, block: Block = THING) -> Any:
    full = None if given is None else {**empty(block), **given}
    return message("DynamicValue")(msgpack=codec.encode(full, type_of(block)))


def read(dynamic: Any, block: Block = THING) -> Any:
    return codec.decode(dynamic.msgpack, type_of(block))


def thing(**values: Any) -> dict[str, Any]:
    return {**empty(THING), **values}


@pytest.fixture
def terraform() -> Terraform:
    return Terraform()


def steps(diagnostic: Any) -> list[Any]:
    return [getattr(step, step.WhichOneof("selector")) for step in diagnostic.attribute.steps]


def test_a_resource_is_created_updated_and_destroyed(terraform: Terraform) -> None:
    created = terraform.apply(None, thing(name="a", secret_wo="s1"))
    state = read(created.new_state)
    assert state == thing(id=state["id"], name="a", size=3, region="eu-west-1")
    assert terraform.vault.get(state["id"]) == "s1"

    again = terraform.plan(state, thing(name="a", secret_wo="s1"), created.private)
    assert read(again.planned_state) == state

    config = thing(name="a", note="new", size=7, secret_wo="s2")
    updated = terraform.apply(state, config, created.private)
    after = read(updated.new_state)
    assert after == {**state, "note": "new", "size": 7}
    assert terraform.vault.get(state["id"]) == "s2"

    gone = terraform.apply(after, None, updated.private)
    assert read(gone.new_state) is None
    assert terraform.vault.get(state["id"]) is None


def test_a_resource_keeps_its_token_and_counts_its_updates(terraform: Terraform) -> None:
    created = terraform.apply(None, thing(name="a", secret_wo="s"))
    before = json.loads(created.private)
    state = read(created.new_state)
    changed = terraform.apply(state, thing(name="a", note="n", secret_wo="s"), created.private)
    after = json.loads(changed.private)
    assert (after["token"], before["generation"], after["generation"]) == (before["token"], 1, 2)


def test_no_plan_and_no_state_holds_a_write_only_value(terraform: Terraform) -> None:
    config = thing(name="a", secret_wo="do-not-keep")
    planned = terraform.plan(None, config)
    created = terraform.apply(None, config)
    for response in (planned, created):
        assert b"do-not-keep" not in response.SerializeToString()


def test_two_resources_never_collide(terraform: Terraform) -> None:
    config = thing(name="same", secret_wo="s")
    ids = {read(terraform.apply(None, config).new_state)["id"] for _ in range(50)}
    assert len(ids) == 50


def test_a_replacement_has_the_attributes_that_force_it(terraform: Terraform) -> None:
    created = terraform.apply(None, thing(name="a", secret_wo="s"))
    plan = terraform.plan(read(created.new_state), thing(name="b"), created.private)
    (path,) = plan.requires_replace
    assert [step.attribute_name for step in path.steps] == ["name"]


def test_problems_have_a_path_at_validation_and_at_planning(terraform: Terraform) -> None:
    config = thing(name="a", rule=[{"port": 80}, {"port": 99999}])
    validated = terraform.call(
        "ValidateResourceConfig", type_name="aws_thing", config=value(config)
    )
    for response in (validated, terraform.plan(None, config)):
        (diagnostic,) = response.diagnostics
        assert diagnostic.summary == "Invalid port"
        assert steps(diagnostic) == ["rule", 1, "port"]


def test_rules_of_aws_may_be_warnings() -> None:
    """They are told once, at the validation. What the service refuses stays refused."""
    terraform = Terraform(aws_rules="warning")
    config = thing(name="a", rule=[{"port": 99999}], secret_wo="s")
    lookup = {"name": "much too long a name"}
    for operation, type_name, given in (
        ("ValidateResourceConfig", "aws_thing", value(config)),
        ("ValidateDataResourceConfig", "aws_lookup", value(lookup, LOOKUP)),
    ):
        (told,) = terraform.call(operation, type_name=type_name, config=given).diagnostics
        assert told.severity == 2  # a warning
    assert read(terraform.apply(None, config).new_state)["rule"] == [{"port": 99999}]
    found = terraform.call("ReadDataSource", type_name="aws_lookup", config=value(lookup, LOOKUP))
    assert not found.diagnostics
    refused = terraform.apply(None, thing(name="taken"))
    assert [one.severity for one in refused.diagnostics] == [1]


def test_a_tag_that_aws_keeps_for_itself_is_told(terraform: Terraform) -> None:
    """The provider leaves it out, so it is a difference forever. An apply does not fail."""
    tags = {"AWS:name": "a", "awsome": "b", "Name": "c"}
    told = terraform.call(
        "ValidateResourceConfig",
        type_name="aws_tagged",
        config=value({"tags": tags, "tags_all": None}, TAGGED),
    )
    (diagnostic,) = told.diagnostics
    assert (diagnostic.severity, diagnostic.summary) == (2, "The tag AWS:name is never set")
    assert steps(diagnostic) == ["tags", "AWS:name"]


def test_a_value_of_the_state_is_not_a_problem_of_a_change(terraform: Terraform) -> None:
    """`ignore_changes` fills a configuration with values of the state, which only a plan sees."""
    there = thing(id="thing-1", name="a", size=3, region="eu-west-1", rule=[{"port": 99999}])
    config = thing(name="a", note="new", size=3, rule=[{"port": 99999}], secret_wo="s")
    assert not terraform.plan(there, config).diagnostics
    assert not terraform.apply(there, config).diagnostics
    (diagnostic,) = terraform.plan(there, {**config, "rule": [{"port": 88888}]}).diagnostics
    assert diagnostic.summary == "Invalid port"


def test_a_problem_in_a_set_shows_the_block(terraform: Terraform) -> None:
    limits = [{"name": "low", "most": 0}, {"name": None, "most": -1}, {"name": "high", "most": 9}]
    config = thing(name="a", limit=limits)
    validated = terraform.call(
        "ValidateResourceConfig", type_name="aws_thing", config=value(config)
    )
    for response in (validated, terraform.plan(None, config)):
        assert [steps(diagnostic) for diagnostic in response.diagnostics] == [["limit"]] * 2
        assert {diagnostic.detail for diagnostic in response.diagnostics} == {
            'In limit "low": 0 is too little.',
            "-1 is too little.",
        }


def test_a_value_unknown_at_the_plan_is_checked_before_the_apply(terraform: Terraform) -> None:
    config = thing(name="a", rule=[{"port": 0}])
    planned = terraform.plan(None, thing(name="a", rule=[{"port": UNKNOWN}]))
    assert not planned.diagnostics
    refused = terraform.call(
        "ApplyResourceChange",
        type_name="aws_thing",
        prior_state=value(None),
        planned_state=planned.planned_state,
        config=value(config),
        planned_private=planned.planned_private,
    )
    (diagnostic,) = refused.diagnostics
    assert steps(diagnostic) == ["rule", 0, "port"]
    assert read(refused.new_state) is None


def test_a_refusal_of_the_service_is_a_diagnostic(terraform: Terraform) -> None:
    refused = terraform.apply(None, thing(name="taken"))
    (diagnostic,) = refused.diagnostics
    assert diagnostic.summary == "ThingAlreadyExists"
    assert read(refused.new_state) is None


def test_data_sources_answer_or_report_why_not(terraform: Terraform) -> None:
    def reading(type_name: str, name: str) -> Any:
        config = value({"name": name}, LOOKUP)
        return terraform.call("ReadDataSource", type_name=type_name, config=config)

    assert read(reading("aws_lookup", "a").state, LOOKUP) == {"name": "a", "value": "A"}
    assert steps(reading("aws_lookup", "nothing").diagnostics[0]) == ["name"]
    assert reading("aws_lookup", "only the plan knows").diagnostics[0].summary == "Too long"
    assert "aws_other is not simulated" in reading("aws_other", "a").diagnostics[0].summary
    config = value({"name": "a"}, LOOKUP)
    validated = terraform.call("ValidateDataResourceConfig", type_name="aws_other", config=config)
    assert not validated.diagnostics  # with `count = 0` nothing asks it


def test_ephemeral_resources_are_opened(terraform: Terraform) -> None:
    config = value({"name": "a"}, LOOKUP)
    opened = terraform.call("OpenEphemeralResource", type_name="aws_lookup", config=config)
    assert read(opened.result, LOOKUP)["value"] == "A"
    other = terraform.call("OpenEphemeralResource", type_name="aws_other", config=config)
    assert "aws_other is not simulated" in other.diagnostics[0].summary


def test_what_others_have_changed_is_read(terraform: Terraform) -> None:
    """As a refresh on AWS reads it; what has not been changed is as the state has it."""
    made = terraform.apply(None, thing(name="a"))
    before = read(made.new_state)
    other = Terraform({"aws_thing": {str(before["id"]): {"size": 7}}, "aws_lb": {}})
    given = {"type_name": "aws_thing", "current_state": made.new_state, "private": made.private}
    assert read(other.call("ReadResource", **given).new_state) == {**before, "size": 7}
    assert read(terraform.call("ReadResource", **given).new_state) == before


def test_an_imported_resource_is_adopted_as_configured(terraform: Terraform) -> None:
    response = terraform.call("ImportResourceState", type_name="aws_thing", id="thing-1")
    (imported,) = response.imported_resources
    state = read(imported.state)
    assert state["id"] == "thing-1"
    refreshed = terraform.call(
        "ReadResource",
        type_name="aws_thing",
        current_state=imported.state,
        private=imported.private,
    )
    plan = terraform.plan(read(refreshed.new_state), thing(name="a"), refreshed.private)
    assert not plan.requires_replace
    assert read(plan.planned_state)["id"] == "thing-1"


def test_a_stored_state_of_another_schema_is_upgraded(terraform: Terraform) -> None:
    stored = json.dumps({"id": "thing-1", "name": "a", "forgotten": True, "rule": []}).encode()
    raw = message("RawState")(json=stored)
    response = terraform.call("UpgradeResourceState", type_name="aws_thing", raw_state=raw)
    assert read(response.upgraded_state) == thing(id="thing-1", name="a")


def test_only_two_names_of_one_type_can_be_moved(terraform: Terraform) -> None:
    def move(source: str, address: str = ADDRESS) -> Any:
        return terraform.call(
            "MoveResourceState",
            source_provider_address=address,
            source_type_name=source,
            target_type_name="aws_lb",
            source_state=message("RawState")(json=b'{"name": "a", "value": "v"}'),
            source_private=b"p",
        )

    moved = move("aws_alb")
    assert read(moved.target_state, LOOKUP) == {"name": "a", "value": "v"}
    assert moved.target_private == b"p"
    assert "cannot become" in move("aws_thing").diagnostics[0].summary
    assert "cannot become" in move("aws_alb", "example.com/x/aws").diagnostics[0].summary


def test_a_provider_block_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    terraform = Terraform()
    without = {"config": value({}, CONFIGURATION)}
    (diagnostic,) = terraform.call("ConfigureProvider", **without).diagnostics
    assert diagnostic.summary == "Missing region"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert not terraform.call("ConfigureProvider", **without).diagnostics
    state = read(terraform.apply(None, thing(name="a", secret_wo="s")).new_state)
    assert state["region"] == "eu-north-1"


def test_metadata_lists_every_type(terraform: Terraform) -> None:
    metadata = terraform.call("GetMetadata")
    assert {r.type_name for r in metadata.resources} == {
        *("aws_thing", "aws_tagged", "aws_lb", "aws_alb"),
    }
    assert {r.type_name for r in metadata.ephemeral_resources} == {"aws_lookup", "aws_other"}
    assert metadata.server_capabilities.move_resource_state
