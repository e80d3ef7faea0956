"""What requests to S3 need, and what customer keys add."""

from __future__ import annotations

from datetime import UTC, datetime

from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.permission import s3
from bonkei.services.endpoint.permission.s3_answers import deleted_objects
from tests.bonkei.services.endpoint.permission.asked import NAMES, SECRET, actions, context


def test_condition_keys_of_s3_about_the_signature() -> None:
    """ "Amazon S3 Signature Version 4 Authentication Specific Policy Keys"."""
    keys = ("s3:authtype", "s3:signatureversion", "s3:signatureage")
    signed = Request("GET", "/shop/a", "", (("authorization", "AWS4-HMAC-SHA256 …"),))
    assert context(s3.required("GetObject", signed, NAMES), *keys) == {
        "s3:authtype": ("REST-HEADER",), "s3:signatureversion": ("AWS4-HMAC-SHA256",),
    }  # fmt: skip
    url = Request("GET", "/shop/a", "X-Amz-Date=20260101T000000Z&X-Amz-Signature=0", ())
    later = datetime(2026, 1, 1, 0, 10, tzinfo=UTC).timestamp()
    assert context(s3.required("GetObject", url, NAMES, now=later), *keys) == {
        "s3:authtype": ("REST-QUERY-STRING",), "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:signatureage": ("600000",),
    }  # fmt: skip
    old = Request("GET", "/shop/a", "AWSAccessKeyId=A&Signature=0&Expires=1", ())
    assert context(s3.required("GetObject", old, NAMES), *keys)["s3:signatureversion"] == ("AWS",)


def test_all_buckets_have_two_spellings() -> None:
    """S3's own walkthrough allows s3:ListAllMyBuckets on `arn:aws:s3:::*`."""
    [found] = s3.required("ListBuckets", Request("GET", "/", "", ()), NAMES) or ()
    assert (found.resource, found.alternative) == ("*", "arn:aws:s3:::*")


def test_a_customer_key_needs_permission_too() -> None:
    for name in ("shop/db", SECRET, SECRET.removesuffix("-AbCdEf")):
        assert actions("secretsmanager", "GetSecretValue", SecretId=name) == [
            ("secretsmanager:GetSecretValue", "shop/db-AbCdEf"),
            ("kms:Decrypt", "key/k"),
        ]
    found = s3.required("GetObject", Request("GET", "/sealed/a", "", ()), NAMES)
    assert [each.action for each in found or ()] == ["s3:GetObject", "kms:Decrypt"]
    found = s3.required("PutObject", Request("PUT", "/sealed/a", "", ()), NAMES)
    assert [each.action for each in found or ()] == ["s3:PutObject", "kms:GenerateDataKey"]


def test_an_objects_own_encryption_takes_the_place_of_its_buckets() -> None:
    """ "Using server-side encryption with AWS KMS keys", section "Permissions"."""

    def of(method: str, operation: str, bucket: str, **headers: str) -> list[str]:
        sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        request = Request(method, f"/{bucket}/a", "", sent)
        found = s3.required(operation, request, NAMES) or ()
        return [each.action for each in found]

    own = {"x_amz_server_side_encryption": "aws:kms",
           "x_amz_server_side_encryption_aws_kms_key_id": "alias/shop"}  # fmt: skip
    plain = {"x_amz_server_side_encryption": "AES256"}
    assert of("PUT", "PutObject", "shop", **own) == ["s3:PutObject", "kms:GenerateDataKey"]
    assert of("PUT", "PutObject", "sealed", **plain) == ["s3:PutObject"]
    assert of("GET", "GetObject", "sealed", **plain) == ["s3:GetObject", "kms:Decrypt"]
    assert of("PUT", "PutObject", "shop", x_amz_grant_read="id=1") == [
        "s3:PutObject", "s3:PutObjectAcl"
    ]  # fmt: skip


def test_keys_of_a_delete_request() -> None:
    body = b'<Delete xmlns="http://x"><Object><Key>a&amp;b</Key></Object></Delete>'
    assert deleted_objects(body) == (("a&b", ""),)
    assert deleted_objects(b"<Delete>") == ()
