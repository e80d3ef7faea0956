"""Amazon S3: buckets with their settings, and bucket policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    Values,
    blocks,
    document,
    snake,
    values,
)
from bonkei.definitions.cloudformation.resources.s3_lifecycle import lifecycle


def _bucket(request: Request) -> Made:
    place = request.place
    name = request.name("BucketName", 63, lower=True)
    arn = f"arn:{place.partition}:s3:::{name}"
    regional = f"{name}.s3.{place.region}.{place.suffix}"
    state = values(
        id=name,
        bucket=name,
        arn=arn,
        region=place.region,
        bucket_domain_name=f"{name}.s3.{place.suffix}",
        bucket_regional_domain_name=regional,
        object_lock_enabled=request.properties.get("ObjectLockEnabled", False),
        force_destroy=False,
        tags=request.all_tags(),
    )
    attributes = {
        "Arn": arn,
        "DomainName": f"{name}.s3.{place.suffix}",
        "DualStackDomainName": f"{name}.s3.dualstack.{place.region}.{place.suffix}",
        "RegionalDomainName": regional,
        "WebsiteURL": f"http://{name}.s3-website-{place.region}.{place.suffix}",
    }
    return Made(name, attributes, (("aws_s3_bucket", state), *_settings(name, request.properties)))


def _settings(bucket: str, given: Values) -> Iterator[TypedValues]:
    for prop, (kind, translate) in _SETTINGS.items():
        if prop in given:
            yield kind, {"bucket": bucket, "id": bucket, **translate(given[prop])}


def _versioning(given: Values) -> Values:
    return {"versioning_configuration": blocks({"status": given["Status"]})}


def _encryption(given: Values) -> Values:
    rules = []
    for rule in given.get("ServerSideEncryptionConfiguration", ()):
        default = rule.get("ServerSideEncryptionByDefault")
        rules.append(
            values(
                bucket_key_enabled=rule.get("BucketKeyEnabled", False),
                apply_server_side_encryption_by_default=default
                and blocks(
                    values(
                        sse_algorithm=default["SSEAlgorithm"],
                        kms_master_key_id=default.get("KMSMasterKeyID", ""),
                    )
                ),
            )
        )
    return {"rule": rules}


def _ownership(given: Values) -> Values:
    rules = given.get("Rules", ())
    return {"rule": [{"object_ownership": rule.get("ObjectOwnership")} for rule in rules]}


def _public_access(given: Values) -> Values:
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {snake(name): given.get(name, False) for name in names}


def _logging(given: Values) -> Values:
    prefix = given.get("LogFilePrefix", "")
    return {"target_bucket": given.get("DestinationBucketName"), "target_prefix": prefix}


def _cors(given: Values) -> Values:
    rules = [
        values(
            id=rule.get("Id"),
            allowed_headers=rule.get("AllowedHeaders"),
            allowed_methods=rule["AllowedMethods"],
            allowed_origins=rule["AllowedOrigins"],
            expose_headers=rule.get("ExposedHeaders"),
            max_age_seconds=rule.get("MaxAge"),
        )
        for rule in given["CorsRules"]
    ]
    return {"cors_rule": rules}


def _object_lock(given: Values) -> Values:
    retention = given.get("Rule", {}).get("DefaultRetention")
    rule = retention and {
        "default_retention": blocks(
            values(
                mode=retention.get("Mode"),
                days=retention.get("Days"),
                years=retention.get("Years"),
            )
        )
    }
    enabled = given.get("ObjectLockEnabled", "Enabled")
    return {"object_lock_enabled": enabled, "rule": blocks(rule)}


def _website(given: Values) -> Values:
    index, error = given.get("IndexDocument"), given.get("ErrorDocument")
    other = given.get("RedirectAllRequestsTo")
    return values(
        index_document=index and blocks({"suffix": index}),
        error_document=error and blocks({"key": error}),
        redirect_all_requests_to=other
        and blocks(values(host_name=other["HostName"], protocol=other.get("Protocol"))),
    )


def _notification(given: Values) -> Values:
    def listed(name: str, target: str, argument: str) -> list[Values]:
        return [
            {argument: each[target], "events": [each["Event"]], **_key_filter(each)}
            for each in given.get(name, ())
        ]

    return {
        "topic": listed("TopicConfigurations", "Topic", "topic_arn"),
        "queue": listed("QueueConfigurations", "Queue", "queue_arn"),
        "lambda_function": listed("LambdaConfigurations", "Function", "lambda_function_arn"),
        "eventbridge": given.get("EventBridgeConfiguration", {}).get(
            "EventBridgeEnabled", "EventBridgeConfiguration" in given
        ),
    }


def _key_filter(each: Values) -> dict[str, str]:
    rules = each.get("Filter", {}).get("S3Key", {}).get("Rules", ())
    return {f"filter_{rule['Name'].lower()}": rule["Value"] for rule in rules}


_SETTINGS: Mapping[str, tuple[str, Callable[[Any], Values]]] = {
    "VersioningConfiguration": ("aws_s3_bucket_versioning", _versioning),
    "BucketEncryption": ("aws_s3_bucket_server_side_encryption_configuration", _encryption),
    "OwnershipControls": ("aws_s3_bucket_ownership_controls", _ownership),
    "PublicAccessBlockConfiguration": ("aws_s3_bucket_public_access_block", _public_access),
    "ObjectLockConfiguration": ("aws_s3_bucket_object_lock_configuration", _object_lock),
    "LifecycleConfiguration": ("aws_s3_bucket_lifecycle_configuration", lifecycle),
    "CorsConfiguration": ("aws_s3_bucket_cors_configuration", _cors),
    "LoggingConfiguration": ("aws_s3_bucket_logging", _logging),
    "WebsiteConfiguration": ("aws_s3_bucket_website_configuration", _website),
    "NotificationConfiguration": ("aws_s3_bucket_notification", _notification),
}


def _policy(request: Request) -> Made:
    bucket = request.properties["Bucket"]
    state = {
        "id": bucket,
        "bucket": bucket,
        "policy": document(request.properties["PolicyDocument"]),
    }
    return Made(str(bucket), {}, (("aws_s3_bucket_policy", state),))


_NOTHING = "the miniature keeps no such setting of a bucket"
_UNSERVED = (
    *("AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations"),
    *("IntelligentTieringConfigurations", "InventoryConfigurations", "MetadataConfiguration"),
    *("MetadataTableConfiguration", "MetricsConfigurations", "ReplicationConfiguration"),
    *("BucketNamePrefix", "BucketNamespace", "LoggingConfiguration.TargetObjectKeyFormat"),
    "BucketEncryption.ServerSideEncryptionConfiguration.BlockedEncryptionTypes",
    "ObjectLockConfiguration.Rule.DefaultRetention.DefaultEventHold",
    "WebsiteConfiguration.RoutingRules",
)

KINDS: Mapping[str, Kind] = {
    "AWS::S3::Bucket": Kind(
        _bucket, named_by="BucketName", unserved=dict.fromkeys(_UNSERVED, _NOTHING)
    ),
    "AWS::S3::BucketPolicy": Kind(_policy),
}
