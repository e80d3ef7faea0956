"""Buckets, their settings, and declared objects."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

from bonkei.blueprint.s3 import Bucket, BucketSetting, Document, StoredObject
from bonkei.services.endpoint.provision.step import Call, EmptyStep, S3Step, Thing, Unless

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_THERE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_GONE = frozenset({"NoSuchBucket"})
_LAST = frozenset({"notification"})
"""Settings that name other things. These must exist first."""
_STAYS = frozenset({"object-lock"})


def buckets(found: tuple[Bucket, ...], region: str) -> Iterator[Thing]:
    """Buckets with all that stands for itself."""
    for bucket in found:
        yield _bucket(bucket, region)
        for setting in bucket.settings:
            if setting.name not in _LAST:
                yield _setting(bucket, setting, region)


def late_settings(found: tuple[Bucket, ...], region: str) -> Iterator[Thing]:
    """The settings of buckets that name queues and topics."""
    for bucket in found:
        for setting in bucket.settings:
            if setting.name in _LAST:
                yield _setting(bucket, setting, region)


def stored_object(stored: StoredObject, region: str) -> Thing:
    """A declared object. A program's changes stay until the definition changes."""
    path = f"/{stored.bucket}/{quote(stored.key)}"
    put = S3Step(
        "PUT",
        path,
        stored.text,
        headers=stored.headers,
        base64=stored.base64,
        source=stored.source,
    )
    return Thing(
        "object",
        path,
        stored.address,
        region,
        (Unless(S3Step("HEAD", path), put),),
        changes=(put,),
        end=(EmptyStep(stored.bucket, stored.key),),
        content=stored.content_id,
    )


def _bucket(bucket: Bucket, region: str) -> Thing:
    path = f"/{bucket.name}"
    location = _xml("CreateBucketConfiguration", {"LocationConstraint": region})
    lock = (("x-amz-bucket-object-lock-enabled", "true"),) if bucket.object_lock else ()
    make = S3Step("PUT", path, "" if region == "us-east-1" else location, _THERE, headers=lock)
    # S3 refuses to delete a bucket with content. So does this one.
    delete = S3Step("DELETE", path, accepted=_GONE)
    end: tuple[Call, ...] = (delete,)
    if bucket.force_destroy:
        end = (EmptyStep(bucket.name), delete)
    return Thing("bucket", bucket.name, bucket.address, region, (make,), end=end)


def _setting(bucket: Bucket, setting: BucketSetting, region: str) -> Thing:
    resource = f"/{bucket.name}?{setting.name}"
    body = setting.text or (_xml(setting.root, setting.document) if setting.root else "")
    make = S3Step("PUT", resource, body, headers=setting.headers)
    end: tuple[Call, ...] = ()
    if (emptied := _EMPTIED.get(setting.name)) is not None:
        end = (S3Step("PUT", resource, emptied.body, _GONE, headers=emptied.headers),)
    elif setting.name not in _STAYS:
        end = (S3Step("DELETE", resource, accepted=_GONE),)
    name = f"{bucket.name} {setting.name}"
    once = setting.name == "notification"  # S3 sends a test event whenever it is set
    return Thing("bucket-setting", name, bucket.address, region, (make,), end=end, once=once)


def _xml(root: str, document: Document) -> str:
    """A document of S3's API. A name that begins with @ is an attribute. None is left out."""
    return f'<{root} xmlns="{_NAMESPACE}">{_children(document)}</{root}>'


def _children(document: Document) -> str:
    return "".join(
        _element(name, item)
        for name, value in document.items()
        if not name.startswith("@")
        for item in (value if isinstance(value, list | tuple) else (value,))
        if item is not None
    )


def _element(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else _number(value)
        return f"<{name}>{escape(text, quote=False)}</{name}>"
    attributes = "".join(
        f' {each[1:]}="{escape(str(text))}"' for each, text in value.items() if each[0] == "@"
    )
    schema = f' xmlns:xsi="{_SCHEMA}"' if "xsi:" in attributes else ""
    return f"<{name}{schema}{attributes}>{_children(value)}</{name}>"


def _number(value: object) -> str:
    """Terraform's state sometimes has 30.0 for 30."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_EMPTIED = {
    "versioning": S3Step("PUT", "", _xml("VersioningConfiguration", {"Status": "Suspended"})),
    "logging": S3Step("PUT", "", _xml("BucketLoggingStatus", {})),
    "notification": S3Step("PUT", "", _xml("NotificationConfiguration", {})),
    "acl": S3Step("PUT", "", headers=(("x-amz-acl", "private"),)),
}
"""For settings without a DELETE in S3: the content that ends them."""
