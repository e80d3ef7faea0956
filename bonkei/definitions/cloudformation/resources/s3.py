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
    block,
    blocks,
    document,
    plain,
    values,
)


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
    return {"versioning_configuration": block(given, "Status")}


def _encryption(given: Values) -> Values:
    return {
        "rule": [
            values(
                bucket_key_enabled=rule.get("BucketKeyEnabled", False),
                apply_server_side_encryption_by_default=block(
                    rule.get("ServerSideEncryptionByDefault"),
                    sse_algorithm="SSEAlgorithm",
                    kms_master_key_id="KMSMasterKeyID",
                ),
            )
            for rule in given.get("ServerSideEncryptionConfiguration", ())
        ]
    }


def _ownership(given: Values) -> Values:
    return {"rule": blocks(given.get("Rules", ()), "ObjectOwnership")}


def _public_access(given: Values) -> Values:
    return plain(given, "BlockPublicAcls BlockPublicPolicy IgnorePublicAcls RestrictPublicBuckets")


def _logging(given: Values) -> Values:
    return plain(given, target_bucket="DestinationBucketName", target_prefix="LogFilePrefix")


def _cors(given: Values) -> Values:
    return {
        "cors_rule": blocks(
            given["CorsRules"],
            "Id AllowedHeaders AllowedMethods AllowedOrigins",
            expose_headers="ExposedHeaders",
            max_age_seconds="MaxAge",
        )
    }


def _object_lock(given: Values) -> Values:
    retention = block(given.get("Rule", {}).get("DefaultRetention"), "Mode Days Years")
    return {
        "object_lock_enabled": given.get("ObjectLockEnabled", "Enabled"),
        "rule": [{"default_retention": retention}] if retention else [],
    }


def _website(given: Values) -> Values:
    return values(
        index_document=block(given, suffix="IndexDocument") if "IndexDocument" in given else None,
        error_document=block(given, key="ErrorDocument") if "ErrorDocument" in given else None,
        redirect_all_requests_to=block(given.get("RedirectAllRequestsTo"), "HostName Protocol"),
        routing_rule=[
            values(
                condition=block(rule.get("RoutingRuleCondition"), _CONDITION),
                redirect=block(rule["RedirectRule"], _REDIRECT),
            )
            for rule in given.get("RoutingRules", ())
        ],
    )


_CONDITION = "HttpErrorCodeReturnedEquals KeyPrefixEquals"
_REDIRECT = "HostName HttpRedirectCode Protocol ReplaceKeyPrefixWith ReplaceKeyWith"


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


def _lifecycle(given: Values) -> Values:
    """Rules without an id get one, as in S3."""
    rules = [_lifecycle_rule(rule, number) for number, rule in enumerate(given["Rules"], start=1)]
    if any(each.get("days", 0) < 0 for rule in rules for each in rule.get("transition", ())):
        raise ValueError("'Days' in Transition action must be nonnegative")
    return {"rule": rules, **plain(given, "TransitionDefaultMinimumObjectSize")}


def _lifecycle_rule(rule: Values, number: int) -> Values:
    return values(
        id=rule.get("Id", f"rule-{number}"),
        status=rule["Status"],
        filter=[_lifecycle_filter(rule)],
        expiration=_expiration(rule),
        transition=blocks(
            _one_or_many(rule, "Transition"),
            "StorageClass",
            date="TransitionDate",
            days="TransitionInDays",
        ),
        noncurrent_version_expiration=_noncurrent_expiration(rule),
        noncurrent_version_transition=blocks(
            _one_or_many(rule, "NoncurrentVersionTransition"),
            "StorageClass NewerNoncurrentVersions",
            noncurrent_days="TransitionInDays",
        ),
        abort_incomplete_multipart_upload=block(
            rule.get("AbortIncompleteMultipartUpload"),
            days_after_initiation="DaysAfterInitiation",
        ),
    )


def _one_or_many(rule: Values, name: str) -> list[Any]:
    """The older property holds one, the newer a list."""
    return [*rule.get(f"{name}s", ()), *([rule[name]] if name in rule else ())]


def _expiration(rule: Values) -> list[Values] | None:
    found = plain(rule, "ExpiredObjectDeleteMarker", date="ExpirationDate", days="ExpirationInDays")
    return [found] if found else None


def _noncurrent_expiration(rule: Values) -> list[Values] | None:
    older = plain(rule, noncurrent_days="NoncurrentVersionExpirationInDays")
    return block(
        rule.get("NoncurrentVersionExpiration"), "NoncurrentDays NewerNoncurrentVersions"
    ) or ([older] if older else None)


def _lifecycle_filter(rule: Values) -> Values:
    conditions = values(
        prefix=rule.get("Prefix"),
        object_size_greater_than=_size(rule, "ObjectSizeGreaterThan"),
        object_size_less_than=_size(rule, "ObjectSizeLessThan"),
    )
    tags = {tag["Key"]: tag["Value"] for tag in rule.get("TagFilters", ())}
    if tags and not conditions and len(tags) == 1:
        ((key, value),) = tags.items()
        return {"tag": [{"key": key, "value": value}]}
    if tags or len(conditions) > 1:
        return {"and": [{**conditions, **({"tags": tags} if tags else {})}]}
    return conditions


def _size(rule: Values, name: str) -> int | None:
    return int(rule[name]) if name in rule else None


_SETTINGS: Mapping[str, tuple[str, Callable[[Any], Values]]] = {
    "VersioningConfiguration": ("aws_s3_bucket_versioning", _versioning),
    "BucketEncryption": ("aws_s3_bucket_server_side_encryption_configuration", _encryption),
    "OwnershipControls": ("aws_s3_bucket_ownership_controls", _ownership),
    "PublicAccessBlockConfiguration": ("aws_s3_bucket_public_access_block", _public_access),
    "ObjectLockConfiguration": ("aws_s3_bucket_object_lock_configuration", _object_lock),
    "LifecycleConfiguration": ("aws_s3_bucket_lifecycle_configuration", _lifecycle),
    "CorsConfiguration": ("aws_s3_bucket_cors_configuration", _cors),
    "LoggingConfiguration": ("aws_s3_bucket_logging", _logging),
    "WebsiteConfiguration": ("aws_s3_bucket_website_configuration", _website),
    "NotificationConfiguration": ("aws_s3_bucket_notification", _notification),
}


def _policy(request: Request) -> Made:
    bucket = request.properties["Bucket"]
    policy = document(request.properties["PolicyDocument"])
    state = {"id": bucket, "bucket": bucket, "policy": policy}
    return Made(str(bucket), {}, (("aws_s3_bucket_policy", state),))


_NOTHING = "the miniature keeps no such setting of a bucket"
_UNSERVED = (
    *("AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations"),
    *("IntelligentTieringConfigurations", "InventoryConfigurations", "MetadataConfiguration"),
    *("MetadataTableConfiguration", "MetricsConfigurations", "ReplicationConfiguration"),
    *("BucketNamePrefix", "BucketNamespace", "LoggingConfiguration.TargetObjectKeyFormat"),
    "BucketEncryption.ServerSideEncryptionConfiguration.BlockedEncryptionTypes",
    "ObjectLockConfiguration.Rule.DefaultRetention.DefaultEventHold",
)

KINDS: Mapping[str, Kind] = {
    "AWS::S3::Bucket": Kind(
        _bucket,
        named_by="BucketName",
        unserved={
            **dict.fromkeys(_UNSERVED, _NOTHING),
            "WebsiteConfiguration.RoutingRules": "no request is redirected",
        },
    ),
    "AWS::S3::BucketPolicy": Kind(_policy),
}
