"""aws_s3_object, and its older name aws_s3_bucket_object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from urllib.parse import urlencode

from bonkei.blueprint.s3.values import StoredObject
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.tags import read_tags

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
        StoredObject(
            address=block.address,
            bucket=block.text("bucket"),
            key=block.text("key").lstrip("/"),  # as the AWS provider does
            text=block.text("content", ""),
            base64=block.text("content_base64", ""),
            source=block.text("source", ""),
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
