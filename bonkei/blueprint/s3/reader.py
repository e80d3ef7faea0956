"""aws_s3_bucket with its satellites; aws_s3_object, and its older name aws_s3_bucket_object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from urllib.parse import urlencode

from bonkei.blueprint.iam import read_policy_document
from bonkei.blueprint.s3 import Bucket, StoredObject
from bonkei.blueprint.s3.settings import read_settings
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags
from bonkei.blueprint.state.use import uses_of


def read_buckets(state: State) -> tuple[Bucket, ...]:
    """Every bucket."""
    return tuple(_bucket(block, state) for block in state.present("aws_s3_bucket"))


def _bucket(block: Resource, state: State) -> Bucket:
    name = block.text("bucket")
    encryption = _encryption(name, state)
    return block.read(
        Bucket,
        name=name,
        encryption=encryption.text("sse_algorithm", ""),
        kms_key_id=encryption.text("kms_master_key_id", ""),
        lifecycle_rules=tuple(
            rule.text("id")
            for found in _satellites("aws_s3_bucket_lifecycle_configuration", name, state)
            for rule in found.blocks("rule")
            if rule.text("status") == "Enabled"
        ),
        policy=tuple(
            statement
            for found in _satellites("aws_s3_bucket_policy", name, state)
            for statement in read_policy_document(found, "policy")
        ),
        users=uses_of(
            (name, block.text("arn"), block.text("bucket_domain_name", "")),
            state,
            not_by=("aws_s3_", "aws_iam_", "random_", "terraform_data"),
        ),
        settings=read_settings(block, state),
        request_metrics=tuple(
            (found.text("name"), _prefix(found))
            for found in _satellites("aws_s3_bucket_metric", name, state)
            if not _has_other_filter(found)
        ),
        object_lock=block.flag("object_lock_enabled"),
    )


def _satellites(kind: str, bucket: str, state: State) -> Iterator[Resource]:
    return (found for found in state.managed(kind) if found.text("bucket") == bucket)


def _prefix(found: Resource) -> str:
    block = found.block("filter")
    return block.text("prefix", "") if block else ""


def _has_other_filter(found: Resource) -> bool:
    """Whether it filters by tags or an access point, which nothing in the miniature measures."""
    block = found.block("filter")
    return block is not None and (block.has("tags") or block.has("access_point"))


def _encryption(bucket: str, state: State) -> Block:
    for found in _satellites("aws_s3_bucket_server_side_encryption_configuration", bucket, state):
        for rule in found.blocks("rule"):
            if default := rule.block("apply_server_side_encryption_by_default"):
                return default
    return Block("", {})


# Terraform's argument -> header of PutObject.
_HEADERS = {
    "acl": "x-amz-acl",
    "cache_control": "cache-control",
    "content_disposition": "content-disposition",
    "content_encoding": "content-encoding",
    "content_language": "content-language",
    "content_type": "content-type",
    "kms_key_id": "x-amz-server-side-encryption-aws-kms-key-id",
    "object_lock_legal_hold_status": "x-amz-object-lock-legal-hold",
    "object_lock_mode": "x-amz-object-lock-mode",
    "object_lock_retain_until_date": "x-amz-object-lock-retain-until-date",
    "server_side_encryption": "x-amz-server-side-encryption",
    "storage_class": "x-amz-storage-class",
    "website_redirect": "x-amz-website-redirect-location",
}
_CONTENT = ("content", "content_base64", "source", "source_hash", "etag")


def read_stored_objects(state: State) -> tuple[StoredObject, ...]:
    """Every object."""
    return tuple(
        block.read(
            StoredObject,
            key=block.text("key").lstrip("/"),  # as the AWS provider does
            text=block.text("content", ""),
            base64=block.text("content_base64", ""),
            headers=tuple(_headers(block)),
            content_id=_content_id(block),
        )
        for block in state.managed("aws_s3_object", "aws_s3_bucket_object")
    )


def _headers(block: Resource) -> Iterator[tuple[str, str]]:
    for argument, header in _HEADERS.items():
        if value := block.text(argument, ""):
            yield header, value
    for name, value in block.pairs("metadata"):
        yield f"x-amz-meta-{name}", value
    if tags := read_tags(block):
        yield "x-amz-tagging", urlencode(tags)


def _content_id(block: Resource) -> str:
    content = json.dumps([block.values.get(name) for name in _CONTENT])
    return hashlib.sha256(content.encode()).hexdigest()
