"""Amazon S3: buckets and their settings.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, same_shape
from bonkei.definitions.provider.aws.shared.checks import at, between, length, one_of, unique
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.formats import arn, kms_key
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.regions import bucket_zone
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_CLASSES = (
    *("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"),
    *("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "EXPRESS_ONEZONE"),
)


def bucket_name(value: Value) -> str | None:
    """The rules for general purpose buckets."""
    name = str(value)
    if not 3 <= len(name) <= 63:
        return f'A bucket\'s name has 3 to 63 characters; "{name}" has {len(name)}.'
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", name):
        return (
            f'"{name}": lower-case letters, digits, dots and hyphens, '
            "no dot or hyphen at either end."
        )
    if ".." in name or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        return f'"{name}" must not have two dots in a row or look like an IP address.'
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(
        ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
    ):
        return f'"{name}" begins or ends in a way that S3 reserves.'
    return None


def _bucket(mint: Mint) -> Mapping[str, Value]:
    name = mint.name("bucket", prefix="terraform-", prefix_argument="bucket_prefix")
    return {
        "id": name,
        "bucket": name,
        "arn": mint.arn("s3", name, region="", account=""),
        "bucket_domain_name": f"{name}.s3.{mint.suffix}",
        "bucket_regional_domain_name": f"{name}.s3.{mint.region}.{mint.suffix}",
        "bucket_region": mint.region,
        "hosted_zone_id": bucket_zone(mint.region),
        "request_payer": "BucketOwner",
        "acl": None,
        "website_domain": None,
        "website_endpoint": None,
    }


def _on_bucket(more: Minting | None = None) -> Minting:
    def mint_setting(mint: Mint) -> Mapping[str, Value]:
        return {"id": mint.given("bucket"), **(more(mint) if more else {})}

    return mint_setting


def _rules(mint: Mint) -> Mapping[str, Value]:
    return {
        "transition_default_minimum_object_size": "all_storage_classes_128K",
        "rule": same_shape(mint.planned.get("rule"), lambda _index, rule: _rule(rule)),
    }


def _rule(rule: Mapping[str, Value]) -> Mapping[str, Value]:
    return {
        "filter": same_shape(
            rule.get("filter"),
            lambda _index, _filter: {
                "object_size_greater_than": None,
                "object_size_less_than": None,
            },
        ),
    }


def _rule_does_something(config: Object) -> Iterator[Problem]:
    names = (
        *("abort_incomplete_multipart_upload", "expiration", "noncurrent_version_expiration"),
        *("noncurrent_version_transition", "transition"),
    )
    for index, rule in enumerate(each(config.get("rule"))):
        if all(rule.get(name) in (None, []) for name in names):
            detail = f"A rule needs one of {', '.join(names)}."
            yield Problem(("rule", index), "Missing block", detail)


def _encryption(mint: Mint) -> Mapping[str, Value]:
    def default(_index: int, block: Mapping[str, Value]) -> Mapping[str, Value]:
        return {"kms_master_key_id": "" if block.get("sse_algorithm") == "AES256" else None}

    name = "apply_server_side_encryption_by_default"
    return {
        "rule": same_shape(
            mint.planned.get("rule"),
            lambda _index, rule: {name: same_shape(rule.get(name), default)},
        )
    }


def _key_fits_algorithm(config: Object) -> Iterator[Problem]:
    for index, rule in enumerate(each(config.get("rule"))):
        name = "apply_server_side_encryption_by_default"
        for block in each(rule.get(name)):
            key, algorithm = block.get("kms_master_key_id"), block.get("sse_algorithm")
            if given(key) and key and algorithm == "AES256":
                detail = 'A key goes with sse_algorithm "aws:kms" or "aws:kms:dsse".'
                path = ("rule", index, name, 0, "kms_master_key_id")
                yield Problem(path, "Conflicting arguments", detail)


def _object(mint: Mint) -> Mapping[str, Value]:
    content = str(mint.given("content") or "")
    return {
        "id": f"{mint.given('bucket')}/{mint.given('key')}",
        "arn": f"arn:{mint.context.partition}:s3:::{mint.given('bucket')}/{mint.given('key')}",
        "etag": hashlib.md5(content.encode(), usedforsecurity=False).hexdigest(),
        "content_type": "application/octet-stream",
        "server_side_encryption": "AES256",
        "storage_class": "STANDARD",
        "version_id": mint.random(32, label=f"version/{mint.context.generation}"),
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_s3_bucket": resource(
        _bucket,
        at("bucket", bucket_name),
        at("bucket_prefix", length(1, 37)),
    ),
    "aws_s3_bucket_policy": resource(
        _on_bucket(),
        policies={"policy": policy(RESOURCE, 20480)},
    ),
    "aws_s3_bucket_public_access_block": resource(_on_bucket()),
    "aws_s3_bucket_versioning": resource(
        _on_bucket(),
        at("versioning_configuration.status", one_of("Enabled", "Suspended", "Disabled")),
        force_new="expected_bucket_owner",
    ),
    "aws_s3_bucket_server_side_encryption_configuration": resource(
        _on_bucket(_encryption),
        at("rule.apply_server_side_encryption_by_default.kms_master_key_id", kms_key),
        _key_fits_algorithm,
        force_new="expected_bucket_owner",
    ),
    "aws_s3_bucket_lifecycle_configuration": resource(
        _on_bucket(_rules),
        at("rule.status", one_of("Enabled", "Disabled")),
        at("rule.transition.storage_class", one_of(*_CLASSES)),
        at("rule.noncurrent_version_transition.storage_class", one_of(*_CLASSES)),
        at("rule.abort_incomplete_multipart_upload.days_after_initiation", between(1, 100000)),
        at("rule.noncurrent_version_expiration.noncurrent_days", between(1, 100000)),
        unique("rule", "id", "rule"),
        _rule_does_something,
    ),
    "aws_s3_bucket_ownership_controls": resource(_on_bucket()),
    "aws_s3_bucket_acl": resource(
        lambda mint: {"id": f"{mint.given('bucket')},{mint.given('acl') or ''}".rstrip(",")},
        force_new="expected_bucket_owner",
    ),
    "aws_s3_bucket_logging": resource(
        _on_bucket(),
        force_new="expected_bucket_owner",
    ),
    "aws_s3_bucket_notification": resource(
        _on_bucket(),
        at("topic.topic_arn", arn("sns")),
        at("queue.queue_arn", arn("sqs")),
        at("lambda_function.lambda_function_arn", arn("lambda")),
    ),
    "aws_s3_bucket_cors_configuration": resource(_on_bucket(), force_new="expected_bucket_owner"),
    "aws_s3_bucket_website_configuration": resource(
        _on_bucket(
            lambda mint: {
                "website_domain": f"s3-website.{mint.region}.{mint.suffix}",
                "website_endpoint": f"{mint.given('bucket')}.s3-website.{mint.region}"
                f".{mint.suffix}",
            }
        ),
        force_new="expected_bucket_owner",
    ),
    "aws_s3_bucket_object_lock_configuration": resource(
        _on_bucket(),
        import_="bucket",
    ),
    "aws_s3_bucket_intelligent_tiering_configuration": resource(
        lambda mint: {"id": f"{mint.given('bucket')}:{mint.given('name')}"},
    ),
    "aws_s3_bucket_metric": resource(
        lambda mint: {"id": f"{mint.given('bucket')}:{mint.given('name')}"},
    ),
    "aws_s3_object": resource(
        _object,
        at("key", length(1, 1024)),
        recomputed={"etag": "content content_base64 source source_hash", "version_id": "*"},
    ),
}


def _canonical_user(_: Object, context: Context) -> Object:
    return {"id": scatter(context.account_id, 64, HEX), "display_name": ""}


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_s3_bucket aws_s3_object"),
    "aws_canonical_user_id": DataSource(read=_canonical_user),
}
