"""Amazon CloudWatch Logs.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.checks import at, between, conflicts, length, matches, one_of
from bonkei.provider.aws.documents import RESOURCE, json_object, policy, same_policy
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.import_ids import parts_of
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.behaviour import Context, ResourceBehaviour
from bonkei.provider.values import Object, Value

RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""0 means: for ever. API_PutRetentionPolicy."""

_NAME = matches(r"[.\-_/#A-Za-z0-9]+", "letters, digits and _-/.#")
_UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes"),
    *("Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count"),
    *("Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second"),
    *("Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second"),
    *("Terabits/Second", "Count/Second", "None"),
)
METRIC_UNITS = _UNITS


def _group(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    return {
        "id": name,
        "arn": mint.arn("logs", f"log-group:{name}"),
        "name": name,
        "name_prefix": mint.given("name_prefix") or "",
    }


def _stream(mint: Mint) -> Mapping[str, Value]:
    group, name = mint.given("log_group_name"), mint.given("name")
    return {"id": name, "arn": mint.arn("logs", f"log-group:{group}:log-stream:{name}")}


def _import_filter(identifier: str, _: Context) -> Object:
    group, name = parts_of(identifier, "LOGGROUP:FILTER")
    return {"id": name, "log_group_name": group, "name": name}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudwatch_log_group": resource(
        _group,
        at("name", length(1, 512), _NAME),
        at("name_prefix", length(1, 486), _NAME),
        conflicts("name", "name_prefix"),
        at("retention_in_days", one_of(*RETENTION_DAYS)),
        at("kms_key_id", arn("kms")),
        at("log_group_class", one_of("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")),
        force_new="name name_prefix log_group_class",
        defaults={"log_group_class": "STANDARD", "deletion_protection_enabled": False},
        arguments={"retention_in_days": 0, "skip_destroy": False},
        import_="name",
    ),
    "aws_cloudwatch_log_stream": resource(
        _stream,
        at("name", length(1, 512), matches(r"[^:*]+", "a name without : and *")),
        force_new="name log_group_name",
    ),
    "aws_cloudwatch_log_metric_filter": resource(
        lambda mint: {"id": mint.given("name")},
        at("name", length(1, 512), matches(r"[^:*]+", "a name without : and *")),
        at("pattern", length(0, 1024)),
        at("log_group_name", length(1, 512), _NAME),
        at("metric_transformation.name", length(1, 255), matches(r"[^:*$]*", "no :, * or $")),
        at("metric_transformation.namespace", length(1, 255), matches(r"[^:*$]*", "no :, * or $")),
        at("metric_transformation.value", length(1, 100)),
        at("metric_transformation.unit", one_of(*_UNITS)),
        at(
            "metric_transformation.default_value",
            matches(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|", "a number"),
        ),
        force_new="name log_group_name",
        defaults={"apply_on_transformed_logs": False},
        arguments={"metric_transformation.unit": "None"},
        import_=_import_filter,
    ),
    "aws_cloudwatch_log_subscription_filter": resource(
        lambda mint: {"id": f"cwlsf-{mint.random(9, '0123456789')}"},
        at("destination_arn", arn()),
        at("distribution", one_of("Random", "ByLogStream")),
        at("filter_pattern", length(0, 1024)),
        force_new="name log_group_name",
        arguments={"distribution": "ByLogStream"},
    ),
    "aws_cloudwatch_log_resource_policy": resource(
        lambda mint: {
            "id": mint.given("policy_name") or mint.given("resource_arn") or mint.account,
            "policy_scope": "RESOURCE" if mint.given("resource_arn") else "ACCOUNT",
            "revision_id": mint.random(32, label=f"revision/{mint.context.generation}"),
        },
        at("policy_document", policy(RESOURCE, 5120)),
        force_new="policy_name resource_arn",
        equivalent={"policy_document": same_policy},
        recomputed={"revision_id": "policy_document"},
    ),
    "aws_cloudwatch_log_data_protection_policy": resource(
        lambda mint: {"id": mint.given("log_group_name")},
        at("policy_document", json_object),
        force_new="log_group_name",
    ),
    "aws_cloudwatch_query_definition": resource(
        lambda mint: {
            "id": mint.uuid("definition"),
            "query_definition_id": mint.uuid("definition"),
        },
        at("name", length(1, 255)),
        at("query_string", length(1, 10000)),
    ),
    "aws_cloudwatch_log_delivery_source": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"delivery-source:{mint.given('name')}"),
            "service": ":".join(str(mint.given("resource_arn")).split(":")[2:3]),
        },
        at("resource_arn", arn()),
        force_new="name resource_arn log_type",
    ),
    "aws_cloudwatch_log_delivery_destination": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"delivery-destination:{mint.given('name')}"),
        },
        at("output_format", one_of("json", "plain", "w3c", "raw", "parquet")),
        force_new="name",
    ),
    "aws_cloudwatch_log_delivery": resource(
        lambda mint: {
            "id": mint.random(16, label="delivery"),
            "arn": mint.arn("logs", f"delivery:{mint.random(16, label='delivery')}"),
        },
        at("delivery_destination_arn", arn("logs")),
        force_new="delivery_source_name delivery_destination_arn",
    ),
    "aws_cloudwatch_log_anomaly_detector": resource(
        lambda mint: {
            "arn": mint.arn("logs", f"anomaly-detector:{mint.uuid()}"),
        },
        at("anomaly_visibility_time", between(7, 90)),
        force_new="log_group_arn_list kms_key_id",
    ),
}
