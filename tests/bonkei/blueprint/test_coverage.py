from __future__ import annotations

import fnmatch
import re
from collections import Counter
from pathlib import Path

import bonkei.blueprint.reading as readers
from bonkei.blueprint.coverage import coverage_table, judge
from bonkei.definitions.provider.catalogue import SCHEMA
from bonkei.definitions.provider.schema import Block, load
from tests.bonkei.blueprint.services import service
from tests.bonkei.blueprint.test_rds import CLUSTER


def test_categories_of_types(blueprint) -> None:
    found = blueprint(
        {
            "aws_iam_user.a": {},
            "aws_iam_user.b": {},
            "aws_glue_job.this": {},
            "aws_quantum_computer.this": {},
            "random_password.this": {},
            "data.aws_sqs_queue.ignored": {},
        }
    ).not_simulated
    assert [(n.kind, n.category, n.count) for n in found] == [
        ("aws_glue_job", "missing", 1),
        ("aws_iam_user", "declarative", 2),
        ("aws_quantum_computer", "unknown", 1),
    ]
    assert found[2].reason == "not known to Bonkei"
    assert all(n.reason for n in found)


def test_a_stand_ins_resources_are_named() -> None:
    for kind in ("datadog_monitor", "pagerduty_service"):
        category, reason = judge(kind)
        assert (category, "a stand-in for its provider" in reason) == ("missing", True)


def test_no_type_is_judged_twice() -> None:
    table = coverage_table()
    counts = Counter(
        kind
        for category in ("simulated", "declarative", "missing")
        for group in table[category]
        for kind in group["types"]
    )
    assert [kind for kind, count in counts.items() if count > 1] == []


def test_every_type_that_the_provider_carries_is_judged_and_no_other() -> None:
    """Types that are only evaluated have a reason, and each type of that list is only evaluated."""
    schema = load(SCHEMA)
    carried = set(schema.resources) - schema.known_only
    assert [kind for kind in carried if judge(kind)[0] == "unknown"] == []
    named = {
        kind
        for category in ("simulated", "declarative", "missing")
        for group in coverage_table()[category]
        for kind in group["types"]
        if kind.startswith("aws_")
    }
    assert [kind for kind in named if not fnmatch.filter(carried, kind)] == []


def test_a_name_wins_over_a_pattern() -> None:
    assert judge("aws_s3_bucket_policy")[0] == "simulated"
    assert judge("aws_s3_bucket_inventory")[0] == "missing"
    assert judge("aws_cloudwatch_event_bus") == judge("aws_sfn_state_machine")


def test_every_type_that_a_reader_reads_is_judged() -> None:
    judged = {
        kind
        for category in ("simulated", "declarative", "missing")
        for group in coverage_table()[category]
        for kind in group["types"]
    }
    folder = Path(readers.__file__).parent
    read = {
        kind
        for file in folder.glob("*.py")
        for kind in re.findall(r'"(aws_[a-z0-9_]*[a-z0-9])"', file.read_text(encoding="utf-8"))
    }
    assert read, "the readers name the types that they read"
    data_sources_only = {"aws_iam_policy_document", "aws_prefix_list"}
    assert read - data_sources_only <= judged


def test_every_part_is_an_argument_of_its_type() -> None:
    """A misspelt part would never be noted."""
    resources = load(SCHEMA).resources
    unknown = [
        f"{part['type']}.{part['path']}"
        for part in coverage_table()["parts"]
        if not arguments_at(resources[part["type"]], part["path"].split("."))
    ]
    assert unknown == []


_READ_ALL_THE_SAME = {
    "aws_lambda_function.package_type": "images are told apart, and left out",
    "aws_lambda_function.ephemeral_storage.size": "only a rule of AWS WAF has this name, too",
    "aws_lambda_function_event_invoke_config.qualifier": "only a permission has this name, too",
    "aws_s3_bucket_notification.eventbridge": "S3's API shows it",
    "aws_sns_topic.archive_policy": "SNS's API shows it",
    "aws_lb.desync_mitigation_mode": "a value that nothing uses yet",
    "aws_lb_target_group.protocol_version": "a value that nothing uses yet",
    "aws_lb_target_group.slow_start": "a value that nothing uses yet",
    "aws_appautoscaling_target.service_namespace": "others are left out",
    "aws_appautoscaling_policy.target_tracking_scaling_policy_configuration"
    ".predefined_metric_specification.predefined_metric_type": "other metrics are left out",
    "aws_ecs_service.deployment_circuit_breaker.enable": "there, with the difference that it names",
    "aws_ecs_service.deployment_circuit_breaker.rollback": "there, with that difference",
    "aws_ecs_service.service_connect_configuration.service": "there, without outlier detection",
    "aws_ecs_service.launch_type": "only a rule's target has this name, too",
    "aws_ecs_task_definition.cpu": "metrics go by it; only memory is limited",
    "aws_ecs_task_definition.proxy_configuration": "ECS's API shows it",
    "aws_ecs_task_definition.container_definitions.logConfiguration.logDriver": "two are there",
    "aws_ecs_task_definition.container_definitions.readonlyRootFilesystem": "in images' files",
    "aws_ecs_task_definition.container_definitions.user": "in images' files",
    "aws_ecs_task_definition.container_definitions.systemControls": "ECS's API shows it",
    "aws_rds_cluster.enabled_cloudwatch_logs_exports": "one of them is there",
    "aws_ecr_registry_scanning_configuration.rule.scan_frequency": "there, but for one value",
}


def test_a_part_that_a_reader_has_begun_to_read_is_judged_again() -> None:
    """Its reason may have become wrong. Only names that one reader alone has are looked for: others
    mean several things, such as `type`."""
    texts = [one.read_text(encoding="utf-8") for one in Path(readers.__file__).parent.rglob("*.py")]
    named, fields = (
        Counter(name for text in texts for name in set(re.findall(form, text, re.MULTILINE)))
        for form in (r'"([A-Za-z_]+)"', r"^    (\w+): (?:str|int|float|bool)\b")
    )
    places = fields | named  # `Block.read` reads a field by its own name
    read = {
        f"{part['type']}.{part['path']}"
        for part in coverage_table()["parts"]
        if places[part["path"].rpartition(".")[2]] == 1
    }
    assert read == set(_READ_ALL_THE_SAME)


def test_what_runs_is_not_noted(blueprint) -> None:
    found = blueprint(
        {
            "aws_ecs_service.this": service(enable_execute_command=True),
            "aws_rds_cluster.this": CLUSTER,  # it exports PostgreSQL's log
            "aws_s3_bucket_notification.this": {
                "bucket": "b",
                "lambda_function": [{"lambda_function_arn": "arn:f", "events": ["s3:*"]}],
                "eventbridge": True,
            },
        }
    ).not_simulated
    kinds = {each.kind for each in found}
    assert "aws_ecs_service.deployment_circuit_breaker.enable" in kinds, "the service is looked at"
    assert "aws_s3_bucket_notification.eventbridge" in kinds, "and the bucket's events"
    assert "aws_s3_bucket_notification.lambda_function" not in kinds
    assert "aws_ecs_service.enable_execute_command" not in kinds
    assert "aws_rds_cluster.enabled_cloudwatch_logs_exports" not in kinds


def arguments_at(block: Block, path: list[str]) -> list[str]:
    """The arguments and blocks at a path. The content of a JSON text is not known."""
    name, rest = path[0], path[1:]
    found = [
        each for each in fnmatch.filter(block.attributes, name) if not rest or is_text(block, each)
    ]
    for nested in fnmatch.filter(block.blocks, name):
        found += arguments_at(block.blocks[nested].block, rest) if rest else [nested]
    return found


def is_text(block: Block, attribute: str) -> bool:
    return bool(block.attributes[attribute].type == "string")


def test_an_argument_at_its_usual_value_is_not_noted(blueprint) -> None:
    def kinds(restriction: str) -> list[str]:
        values = {
            "arn": "a",
            "id": "i",
            "domain_name": "d",
            "origin": [{"origin_id": "o", "domain_name": "x"}],
            "default_cache_behavior": [
                {
                    "target_origin_id": "o",
                    "viewer_protocol_policy": "allow-all",
                    "allowed_methods": ["GET"],
                    "cached_methods": ["GET"],
                    "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                }
            ],
            "http_version": "http1.1",
            "restrictions": [{"geo_restriction": [{"restriction_type": restriction}]}],
        }
        found = blueprint({"aws_cloudfront_distribution.this": values})
        return [n.kind for n in found.not_simulated]

    assert kinds("none") == []
    assert kinds("whitelist") == [
        "aws_cloudfront_distribution.restrictions.geo_restriction.restriction_type"
    ]
