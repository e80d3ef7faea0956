"""Amazon CloudWatch Logs.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.base.arn import Arn
from bonkei.definitions.provider.aws.shared.checks import at, length, matches, one_of
from bonkei.definitions.provider.aws.shared.documents import (
    RESOURCE,
    json_object,
    policy,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint, made_name_as_id
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

_NAME = matches(r"[.\-_/#A-Za-z0-9]+", "letters, digits and _-/.#")


def _stream(mint: Mint) -> Mapping[str, Value]:
    group, name = mint.given("log_group_name"), mint.given("name")
    return {"id": name, "arn": mint.arn("logs", f"log-group:{group}:log-stream:{name}")}


def _import_filter(identifier: str, _: Context) -> Object:
    group, name = parts_of(identifier, "LOGGROUP:FILTER")
    return {"id": name, "log_group_name": group, "name": name}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudwatch_log_group": resource(
        made_name_as_id("logs", "log-group:"),
        at("name", length(1, 512), _NAME),
        at("name_prefix", length(1, 486), _NAME),
        at("kms_key_id", arn("kms")),
        defaults={"log_group_class": "STANDARD", "deletion_protection_enabled": False},
    ),
    "aws_cloudwatch_log_stream": resource(
        _stream,
        at("name", length(1, 512), matches(r"[^:*]+", "a name without : and *")),
    ),
    "aws_cloudwatch_log_metric_filter": resource(
        lambda mint: {"id": mint.given("name")},
        at("name", length(1, 512), matches(r"[^:*]+", "a name without : and *")),
        at("pattern", length(0, 1024)),
        at("log_group_name", _NAME),
        at("metric_transformation.name", length(1, 255), matches(r"[^:*$]*", "no :, * or $")),
        at("metric_transformation.namespace", length(1, 255), matches(r"[^:*$]*", "no :, * or $")),
        at("metric_transformation.value", length(1, 100)),
        at(
            "metric_transformation.default_value",
            matches(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|", "a number"),
        ),
        defaults={"apply_on_transformed_logs": False},
        import_=_import_filter,
    ),
    "aws_cloudwatch_log_subscription_filter": resource(
        lambda mint: {"id": f"cwlsf-{mint.random(9, '0123456789')}"},
        at("destination_arn", arn()),
    ),
    "aws_cloudwatch_log_resource_policy": resource(
        lambda mint: {
            "id": mint.given("policy_name") or mint.given("resource_arn") or mint.account,
            "policy_scope": "RESOURCE" if mint.given("resource_arn") else "ACCOUNT",
            "revision_id": mint.random(32, label=f"revision/{mint.context.generation}"),
        },
        policies={"policy_document": policy(RESOURCE, 5120)},
        recomputed={"revision_id": "policy_document"},
    ),
    "aws_cloudwatch_log_data_protection_policy": resource(
        lambda mint: {"id": mint.given("log_group_name")},
        at("policy_document", json_object),
    ),
    "aws_cloudwatch_query_definition": resource(
        lambda mint: {
            "id": mint.uuid("definition"),
            "query_definition_id": mint.uuid("definition"),
        },
        at("query_string", length(1, 10000)),
    ),
    "aws_cloudwatch_log_delivery_source": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"delivery-source:{mint.given('name')}"),
            "service": Arn.of(str(mint.given("resource_arn"))).service,
        },
        at("resource_arn", arn()),
    ),
    "aws_cloudwatch_log_delivery_destination": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"delivery-destination:{mint.given('name')}"),
        },
        at("output_format", one_of("json", "plain", "w3c", "raw", "parquet")),
    ),
    "aws_cloudwatch_log_delivery": resource(
        lambda mint: {
            "id": mint.random(16, label="delivery"),
            "arn": mint.arn("logs", f"delivery:{mint.random(16, label='delivery')}"),
        },
        at("delivery_destination_arn", arn("logs")),
    ),
    "aws_cloudwatch_log_anomaly_detector": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"anomaly-detector:{mint.uuid()}"),
        },
    ),
}

DATA_SOURCES = by_own_names("aws_cloudwatch_log_group")
