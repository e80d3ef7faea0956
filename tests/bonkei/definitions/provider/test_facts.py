"""Facts as data: complete, about existing arguments, and obeyed by every type."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bonkei.definitions.provider import addresses, catalogue, facts, schema
from bonkei.definitions.provider.aws import RESOURCES
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.facts import Facts
from bonkei.definitions.provider.plan import plan_update
from bonkei.definitions.provider.schema import Block
from bonkei.definitions.provider.values import UNKNOWN
from scripts.schema.limits import add_limits

AWS = catalogue.providers()[addresses.AWS]
FACTS = facts.load(catalogue.FACTS)
SIMULATED = {
    name: AWS.schema.resources[name] for name in AWS.schema.resources.keys() - AWS.schema.known_only
}


def argument(block: Block, path: str) -> Any:
    *outer, name = path.split(".")
    for step in outer:
        block = block.blocks[step].block
    return block.attributes.get(name) or block.blocks[name]


def test_every_fact_is_about_an_existing_argument() -> None:
    carried = schema.load(catalogue.SCHEMA).resources
    assert len(FACTS.types) > 0.99 * len(SIMULATED)
    for type_name, known in FACTS.types.items():
        for path, one in known.items():
            found = argument(carried[type_name], path)
            assert "default" not in one or found.optional, (type_name, path)
            for pattern in [*(p for p, _ in one.get("patterns", ())), one.get("api_pattern", "")]:
                re.compile(pattern)
            for key in ("enum", "each_enum"):
                assert not isinstance(one.get(key), str) or FACTS.enumerations[one[key]]
        for part in FACTS.identities.get(type_name, ()):
            assert part.name == "account_id" or argument(carried[type_name], part.argument)


@pytest.mark.parametrize(
    ("type_name", "changed", "replaces"),
    [  # none of these types has its own behaviour
        ("aws_apprunner_connection", "provider_type", True),
        ("aws_athena_data_catalog", "description", False),
        ("aws_athena_data_catalog", "name", True),
        ("aws_sfn_activity", "name", True),
    ],
)
def test_a_type_without_a_behaviour_is_replaced_where_it_must_be(
    type_name: str, changed: str, replaces: bool
) -> None:
    block = AWS.schema.resources[type_name]
    prior = {**schema.empty(block), changed: "before"}
    config = {**prior, changed: "after"}
    plan = plan_update(block, AWS.resources[type_name], prior, config, config, Context())
    assert plan.planned[changed] == "after"
    assert plan.replaced_by == (((changed,),) if replaces else ())


def test_defaults_are_planned_where_terraform_allows_it() -> None:
    """Terraform accepts a value that the configuration lacks for computed arguments only."""
    behaviour = AWS.resources["aws_ebs_volume"]
    assert behaviour.argument_defaults["final_snapshot"] is False
    assert AWS.schema.resources["aws_ebs_volume"].attributes["final_snapshot"].computed
    for type_name in FACTS.types:
        block = AWS.schema.resources[type_name]
        for path in AWS.resources[type_name].argument_defaults:
            assert argument(block, path).computed, (type_name, path)
        for path in FACTS.stating("sensitive", type_name):
            found = argument(block, path)
            assert not hasattr(found, "sensitive") or found.sensitive, (type_name, path)


KNOWN = Facts(
    version="1",
    enumerations={"x.Kind": ["A", "B"]},
    identities={},
    types={
        "aws_thing": {
            "kind": {"enum": "x.Kind"},
            "mood": {"enum": ["calm"], "ignore_case": True},
            "size": {"range": [1, 3]},
            "least": {"range": [5, None]},
            "name": {"length": [2, 4], "patterns": [["^[a-zé]+$", "small letters only"]]},
            "names": {"max": 2, "each_enum": "x.Kind"},
            "a": {"conflicts": ["b"], "needs": ["size"]},
            "b": {"conflicts": ["a"]},
            "c": {"exactly_one": ["c", "d"]},
            "d": {"exactly_one": ["c", "d"]},
            "rule.port": {"range": [0, 9], "conflicts": ["rule.all"]},
            "rule.all": {"at_least_one": ["./all", "./port"]},
            "stage": {"min_if_any": 2},
            "stage.action": {"required": True},
        }
    },
)


def problems(**config: Any) -> list[Problem]:
    enriched = KNOWN.enrich("aws_thing", ResourceBehaviour())
    names = ("kind", "mood", "size", "least", "name", "names", "a", "b", "d")
    blocks: dict[str, Any] = {"rule": [], "stage": []}
    return list(enriched.validate({**dict.fromkeys(names), "c": "", **blocks, **config}))


@pytest.mark.parametrize(
    ("config", "path", "said"),
    [
        ({"kind": "C"}, ("kind",), 'Expected one of "A", "B", got "C".'),
        ({"mood": "wild"}, ("mood",), 'one of "calm"'),
        ({"size": 4}, ("size",), "from 1 to 3, got 4"),
        ({"least": 4}, ("least",), "5 or more"),
        ({"name": "a"}, ("name",), '2 to 4 characters, got 1 in "a"'),
        ({"name": "éééé"}, ("name",), "got 8"),  # Go counts bytes
        ({"name": "ab\n"}, ("name",), "small letters only"),
        ({"names": ["A", "A", "B"]}, ("names",), "0 to 2 elements, got 3"),
        ({"names": ["A", "C"]}, ("names", 1), 'got "C"'),
        ({"a": True, "size": 1, "b": False}, ("a",), '"a" and "b" exclude each other'),
        ({"a": True}, ("a",), '"a" needs "size"'),
        ({"d": ""}, ("d",), '"c" and "d" exclude each other'),
        ({"c": None}, (), 'One of "c", "d" must be given'),
        ({"rule": [{"port": 10, "all": None}]}, ("rule", 0, "port"), "from 0 to 9"),
        ({"rule": [{"port": 1, "all": True}]}, ("rule", 0, "port"), "exclude each other"),
        (
            {"rule": [{"port": None, "all": True}, {"port": None, "all": None}]},
            ("rule", 1),
            'At least one of "rule.all", "rule.port"',
        ),
        ({"stage": [{"action": [{}]}]}, ("stage",), "2 or more elements, got 1"),
        (
            {"stage": [{"action": [{}]}, {"action": []}]},
            ("stage", 1, "action"),
            "1 or more elements, got 0",
        ),
    ],
)
def test_each_fact_is_obeyed(config: dict[str, Any], path: tuple[Any, ...], said: str) -> None:
    (found,) = problems(**config)
    assert found.path == path
    assert said in found.detail


def test_a_valid_or_unknown_value_is_not_a_problem() -> None:
    assert problems(kind="A", mood="CALM", size=3, least=5, name="abcd", names=["A", "B"]) == []
    assert problems(a=True, size=UNKNOWN, b=UNKNOWN, c=UNKNOWN, name=UNKNOWN) == []
    assert problems(rule=[{"port": UNKNOWN, "all": None}, {"port": None, "all": UNKNOWN}]) == []
    assert problems(names=[UNKNOWN], rule=UNKNOWN) == []


def test_a_behaviour_takes_precedence() -> None:
    own = Problem(("kind",), 'Invalid value for "kind"', "Take A.")
    enriched = KNOWN.enrich("aws_thing", ResourceBehaviour(validate=lambda _: [own]))
    assert list(enriched.validate({"kind": "C", "c": "", "rule": []})) == [own]


@pytest.mark.parametrize(
    ("type_name", "argument_name", "value"),
    [
        ("aws_lambda_function", "runtime", "ruby4.0"),
        ("aws_lambda_function", "runtime", "nodejs14.x"),
        ("aws_lambda_function", "runtime", "go1.x"),
        ("aws_db_proxy", "endpoint_network_type", "IPV6"),
        ("aws_kms_key", "customer_master_key_spec", "ML_KEM_768"),
        ("aws_vpc_endpoint", "vpc_endpoint_type", "Tunnel"),
        ("aws_acm_certificate", "validation_method", "HTTP"),
    ],
)
def test_values_that_the_api_accepts_are_accepted(
    type_name: str, argument_name: str, value: str
) -> None:
    """Each value was missing in an enumeration that was copied by hand."""
    block = AWS.schema.resources[type_name]
    assert argument_name in FACTS.types[type_name]
    for given, taken in ((value, True), ("no such value", False)):
        config = {**schema.empty(block), argument_name: given}
        found = [p for p in AWS.resources[type_name].validate(config) if p.path == (argument_name,)]
        assert (not any("Invalid value" in p.summary for p in found)) == taken


@pytest.mark.parametrize(
    ("type_name", "argument_name"),
    [
        ("aws_ecs_service", "deployment_controller"),
        ("aws_db_instance", "identifier"),
        ("aws_route53_record", "set_identifier"),
    ],
)
def test_changes_that_the_provider_updates_are_updated(type_name: str, argument_name: str) -> None:
    """A behaviour replaced the resource for each of these. The provider's source does not."""
    forced = AWS.resources[type_name].force_new
    assert not any(path.split(".")[0] == argument_name for path in forced)


def test_a_behaviour_repeats_no_replacement_and_no_default() -> None:
    for type_name, own in RESOURCES.items():
        known = FACTS.types.get(type_name, {})
        again = [path for path in own.force_new - {"region"} if "new" in known.get(path, {})]
        assert again == [], type_name
        stated = {path: one["default"] for path, one in known.items() if "default" in one}
        assert not own.argument_defaults.items() & stated.items(), type_name


@pytest.mark.parametrize(
    ("type_name", "config", "message"),
    [
        ("aws_lambda_function", {"description": "d" * 257}, "0 to 256 characters, got 257"),
        ("aws_lambda_function", {"description": "d" * 256}, ""),
        ("aws_lambda_function", {"description": "説明" * 128}, ""),  # characters, not bytes
        ("aws_cloudwatch_event_permission", {"statement_id": "all of us"}, "does not match"),
        ("aws_iam_user", {"path": "/people/"}, ""),
        ("aws_ssm_activation", {"registration_limit": 1001}, "from 1 to 1000"),
        ("aws_ssm_activation", {"registration_limit": 0}, ""),  # omitted from the request
        ("aws_kinesis_stream", {"name": "a stream"}, "does not match"),
        ("aws_kinesis_stream", {"name": ""}, ""),
        ("aws_msk_cluster", {"number_of_broker_nodes": 30}, ""),  # more than the model allows
        ("aws_oam_sink", {"name": "sink/of/logs"}, "does not match"),
        ("aws_cognito_resource_server", {"name": "a server, mine"}, ""),
        ("aws_cognito_resource_server", {"name": "a server; mine"}, "does not match"),
        ("aws_efs_access_point", {"posix_user": [{"uid": 4294967296, "gid": 0}]}, "4294967295"),
    ],
)
def test_values_that_the_api_would_refuse_are_refused_at_plan(
    type_name: str, config: dict[str, Any], message: str
) -> None:
    whole = {**schema.empty(AWS.schema.resources[type_name]), **config}
    argument_name = next(iter(config))
    told = [
        one for one in AWS.resources[type_name].validate(whole) if one.path[:1] == (argument_name,)
    ]
    if not message:
        assert told == []
    else:
        assert any(re.search(message, one.detail) for one in told)


def test_the_limits_are_those_of_the_apis_models() -> None:
    extracted: dict[str, dict[str, Any]] = {
        name: dict(known) for name, known in FACTS.types.items()
    }
    add_limits(extracted, SIMULATED)
    assert extracted == FACTS.types
    assert sum("api_length" in one for known in extracted.values() for one in known.values()) > 200


def test_no_limit_is_stored_for_a_value_that_a_message_must_not_show() -> None:
    carried = schema.load(catalogue.SCHEMA).resources
    for type_name, known in FACTS.types.items():
        for path, one in known.items():
            if any(key.startswith("api_") for key in one):
                assert not argument(carried[type_name], path).sensitive
                assert not re.search("password|secret", path)
