"""Values that AWS refuses are refused with their place. Valid and unknown ones are accepted."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bonkei.definitions.provider import addresses, catalogue, schema
from bonkei.definitions.provider.apply import complete
from bonkei.definitions.provider.aws.shared.checks import doubted, within
from bonkei.definitions.provider.behaviour import Context, Problem, as_warnings
from bonkei.definitions.provider.plan import plan_creation
from bonkei.definitions.provider.values import UNKNOWN

SCHEMA = schema.load("aws-schema.json.gz")
RESOURCES = catalogue.providers()[addresses.AWS].resources
ACCEPTED = yaml.load(Path(__file__).with_name("accepted.yaml").read_text("utf-8"), yaml.CSafeLoader)
REFUSED = yaml.load(Path(__file__).with_name("refused.yaml").read_text("utf-8"), yaml.CSafeLoader)


def put(config: Any, path: str, value: Any) -> None:
    """Set the value at a dotted path. The index after a list's last one appends."""
    *outer, last = path.split(".")
    for step in outer:
        config = config[int(step) if isinstance(config, list) else step]
    if isinstance(config, list):
        config[int(last) : int(last) + 1] = [value]
    else:
        config[last] = value


def whole(type_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with every argument of the type. Documents become texts."""
    block = SCHEMA.resources[type_name]
    texts = {name for name, attribute in block.attributes.items() if attribute.type == "string"}
    given = {
        name: json.dumps(value) if name in texts and isinstance(value, dict | list) else value
        for name, value in config.items()
    }
    return {**schema.empty(block), **given}


GOOD = {
    type_name: {name: whole(type_name, config)[name] for name in config}
    for type_name, config in ACCEPTED.items()
}


def configuration(type_name: str, **changed: Any) -> dict[str, Any]:
    return whole(type_name, {**ACCEPTED[type_name], **changed})


def problems(type_name: str, config: dict[str, Any]) -> list[Problem]:
    return [p for p in RESOURCES[type_name].validate(config) if p.severity == "error"]


@pytest.mark.parametrize("type_name", GOOD)
def test_a_valid_configuration_is_accepted(type_name: str) -> None:
    assert problems(type_name, configuration(type_name)) == []


@pytest.mark.parametrize(
    ("type_name", "refused"),
    [(type_name, refused) for type_name, several in REFUSED.items() for refused in several],
)
def test_an_invalid_configuration_is_refused_with_its_place(
    type_name: str, refused: dict[str, Any]
) -> None:
    config = copy.deepcopy(ACCEPTED[type_name])
    for path, value in refused["set"].items():
        put(config, path, value)
    found = problems(type_name, whole(type_name, config))
    shown = [(".".join(map(str, p.path)), f"{p.summary}: {p.detail}") for p in found]
    assert any(place == refused["at"] and refused["says"] in text for place, text in shown), shown


def test_a_rule_that_is_only_told_stops_nothing() -> None:
    """With `aws_rules = "warning"` each such configuration is planned and created all the same."""
    provider, made = catalogue.providers()[addresses.AWS], 0
    for type_name, several in REFUSED.items():
        behaviour = RESOURCES[type_name]
        for refused in several:
            config = copy.deepcopy(ACCEPTED[type_name])
            for path, value in refused["set"].items():
                put(config, path, value)
            config = whole(type_name, config)
            if any(one.severity == "error" for one in as_warnings(behaviour.validate(config))):
                continue  # the provider's own schema refuses it
            block, context = provider.schema.resources[type_name], Context()
            planned = plan_creation(block, behaviour, config, config, context).planned
            state = complete(type_name, block, behaviour, planned, context)
            behaviour.after_apply(config, state, context)
            made += 1
    assert made > 100


def test_a_warning_within_a_block_stays_one() -> None:
    rule = within("rule", doubted("size", lambda _: "too large"))
    [problem] = rule({"rule": [{"size": 9}]})
    assert (problem.path, problem.severity) == (("rule", 0, "size"), "warning")


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("aws_iam_role", "permissions_boundary"),
        ("aws_cloudwatch_log_group", "kms_key_id"),
        ("aws_lb_listener", "certificate_arn"),
    ],
)
def test_an_empty_text_stands_for_a_missing_arn(type_name: str, name: str) -> None:
    """For example `certificate_arn = var.certificate_arn`, with the default ""."""
    assert problems(type_name, configuration(type_name, **{name: ""})) == []


def test_a_lambda_target_group_may_have_a_vpc() -> None:
    """Modules set a VPC for every group, and the provider ignores it here."""
    config = configuration("aws_lb_target_group", target_type="lambda")
    assert config["vpc_id"]
    assert problems("aws_lb_target_group", config) == []


def test_iam_restricts_sids_and_resource_policies_do_not() -> None:
    """The statements that admit a load balancer's logs to a bucket have hyphens in their Sids, and
    one of AWS's templates has a Sid twice (aws-cloudformation-templates,
    S3/s3-bucket-and-policy-for-caa-v1.yaml).
    """
    config = copy.deepcopy(ACCEPTED["aws_iam_role_policy"])
    [statement] = config["policy"]["Statement"]
    config["policy"]["Statement"] = [statement, dict(statement)]
    for sid, said in (
        ("twice", 'the Sid "twice" is there twice'),
        ("of-logs", 'the Sid "of-logs"'),
    ):
        for each in config["policy"]["Statement"]:
            each |= {"Sid": sid}
        (problem,) = problems("aws_iam_role_policy", whole("aws_iam_role_policy", config))
        assert said in problem.detail
    for each in config["policy"]["Statement"]:
        each |= {"Principal": "*"}
    config = whole("aws_s3_bucket_policy", {"bucket": "b", "policy": config["policy"]})
    assert problems("aws_s3_bucket_policy", config) == []


def test_a_grace_period_is_accepted_without_a_load_balancer() -> None:
    """`CreateService`: "If you do not use any of the health checks, then
    healthCheckGracePeriodSeconds is unused."
    """
    config = configuration("aws_ecs_service", health_check_grace_period_seconds=30)
    assert problems("aws_ecs_service", config) == []


def test_ports_of_all_protocols_are_ignored_where_the_provider_omits_them() -> None:
    config = configuration("aws_security_group_rule", protocol="-1")
    assert problems("aws_security_group_rule", config) == []
    inline = {"protocol": "-1", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}
    assert problems("aws_security_group", configuration("aws_security_group", egress=[inline]))


@pytest.mark.parametrize(
    ("type_name", "argument", "value"),
    [  # with the place that accepts it
        ("aws_acm_certificate", "domain_name", "example.xn--p1ai"),  # a TLD of IANA's list
        ("aws_cloudfront_distribution", "aliases", ["example.xn--p1ai"]),
        ("aws_db_instance", "instance_class", "db.r5.2xlarge.tpc2.mem4x"),  # "DB instance classes"
        ("aws_lambda_permission", "action", "*"),  # the provider's internal/service/lambda
        ("aws_cloudwatch_metric_alarm", "extended_statistic", "tm100"),  # …/cloudwatch
        ("aws_cloudwatch_metric_alarm", "alarm_actions", ["arn:aws:sns:us-east-1:cw0123456789:a"]),
    ],
)
def test_a_value_that_was_refused_once_is_accepted(
    type_name: str, argument: str, value: Any
) -> None:
    config = {**schema.empty(SCHEMA.resources[type_name]), argument: value}
    assert [p for p in problems(type_name, config) if p.path[:1] == (argument,)] == []


def test_what_aws_may_refuse_is_a_warning() -> None:
    config = configuration("aws_appautoscaling_scheduled_action", schedule="rate(1 hours)")
    (found,) = RESOURCES["aws_appautoscaling_scheduled_action"].validate(config)
    assert (found.severity, found.path) == ("warning", ("schedule",))


@pytest.mark.parametrize(
    "expression",
    [
        "100 * (1 - FILL(m1, 0) / 1.5e9)",
        "SUM(SEARCH('{AWS/ECS,ServiceName} cpu', 'Sum', 300))",
        'SELECT AVG(cpu) FROM SCHEMA("AWS/EC2", InstanceId)',
        "ANOMALY_DETECTION_BAND(m1, 2)",
        UNKNOWN,
    ],
)
def test_an_expression_over_the_alarms_own_queries_is_accepted(expression: Any) -> None:
    queries = [
        {"id": "e1", "expression": expression, "return_data": True},
        {"id": "m1", "metric": [{"metric_name": "cpu"}], "return_data": False},
    ]
    config = configuration(
        "aws_cloudwatch_metric_alarm",
        metric_query=queries,
        **dict.fromkeys(("metric_name", "namespace", "period", "statistic", "dimensions")),
    )
    assert problems("aws_cloudwatch_metric_alarm", config) == []


def every_unknown(value: Any) -> Iterator[Any]:
    """The value, with one part after the other unknown."""
    yield UNKNOWN
    if isinstance(value, dict):
        for key, member in value.items():
            for changed in every_unknown(member):
                yield {**value, key: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for changed in every_unknown(item):
                yield [*value[:index], changed, *value[index + 1 :]]


@pytest.mark.parametrize("type_name", GOOD)
def test_a_value_that_is_not_yet_known_is_not_a_problem(type_name: str) -> None:
    for name, value in GOOD[type_name].items():
        for changed in every_unknown(value):
            assert problems(type_name, configuration(type_name, **{name: changed})) == []


@contextmanager
def about(type_name: str) -> Iterator[None]:
    """A failure names the type. A test of its own for each type costs more than to judge it."""
    try:
        yield
    except BaseException as error:  # also those by which pytest fails a test
        error.add_note(f"about {type_name}")
        raise


def test_an_unknown_argument_of_any_type_is_not_a_fault() -> None:
    for type_name, behaviour in RESOURCES.items():
        block = SCHEMA.resources[type_name]
        for name in (*block.attributes, *block.blocks):
            config = {**schema.empty(block), **GOOD.get(type_name, {}), name: UNKNOWN}
            with about(f"{type_name}.{name}"):
                list(behaviour.validate(config))


def unknown_around(block: schema.Block, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Configurations of dynamic blocks and variables: all is unknown but that one block is there,
    and one inside it, and so on."""
    nothing_known: dict[str, Any] = dict.fromkeys((*block.attributes, *block.blocks), UNKNOWN)
    yield nothing_known
    for name, nested in block.blocks.items():
        for content in unknown_around(nested.block, depth + 1) if depth < 3 else ():
            yield {**nothing_known, name: content if nested.nesting == "single" else [content]}


def test_nothing_is_a_problem_among_what_is_not_yet_known() -> None:
    """Neither the blocks beside it nor those inside it are absent: they are not known."""
    for type_name in RESOURCES:
        with about(type_name):
            for config in unknown_around(SCHEMA.resources[type_name]):
                for problem in problems(type_name, config):  # but that a list of one is too short
                    detail = problem.detail
                    assert re.search(r"elements, got 1\.|two stages at least", detail), problem


def one_set(block: schema.Block, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A configuration with the argument at the path and nothing else."""
    name, *rest = path
    if rest:
        nested = block.blocks[name]
        content = one_set(nested.block, tuple(rest), value)
        value = content if nested.nesting == "single" else [content]
    return {**schema.empty(block), name: value}


def texts(block: schema.Block, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """The paths at which a block takes a string."""
    yield from (
        (name,) for name, attribute in block.attributes.items() if attribute.type == "string"
    )
    for name, nested in block.blocks.items():
        if depth < 3:
            yield from ((name, *rest) for rest in texts(nested.block, depth + 1))


def test_no_number_is_expected_where_the_schema_has_a_string() -> None:
    for type_name, behaviour in RESOURCES.items():
        block = SCHEMA.resources[type_name]
        for path in texts(block):
            with about(f"{type_name}.{'.'.join(path)}"):
                for problem in behaviour.validate(one_set(block, path, "1")):
                    assert "number from" not in problem.detail or "got 1." not in problem.detail
