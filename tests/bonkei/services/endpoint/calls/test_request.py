"""Each operation gets AWS's name for it, from requests of real clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from bonkei.services.endpoint.calls.request import Request, identify
from bonkei.services.endpoint.calls.s3_operations import is_operation

KEY = {"Bucket": "shop", "Key": "a/b c"}
UPLOAD = {**KEY, "UploadId": "u"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "ListBuckets", {}),
    ("s3", "CreateBucket", {"Bucket": "shop"}),
    ("s3", "DeleteBucket", {"Bucket": "shop"}),
    ("s3", "HeadBucket", {"Bucket": "shop"}),
    ("s3", "ListObjects", {"Bucket": "shop"}),
    ("s3", "ListObjectsV2", {"Bucket": "shop"}),
    ("s3", "ListObjectVersions", {"Bucket": "shop"}),
    ("s3", "ListMultipartUploads", {"Bucket": "shop"}),
    ("s3", "GetBucketLocation", {"Bucket": "shop"}),
    ("s3", "PutBucketVersioning",
     {"Bucket": "shop", "VersioningConfiguration": {"Status": "Enabled"}}),
    ("s3", "GetBucketPolicy", {"Bucket": "shop"}),
    ("s3", "DeleteBucketLifecycle", {"Bucket": "shop"}),
    ("s3", "DeleteBucketTagging", {"Bucket": "shop"}),
    ("s3", "GetPublicAccessBlock", {"Bucket": "shop"}),
    ("s3", "GetObject", KEY),
    ("s3", "HeadObject", KEY),
    ("s3", "PutObject", {**KEY, "Body": b"x"}),
    ("s3", "DeleteObject", KEY),
    ("s3", "DeleteObjects", {"Bucket": "shop", "Delete": {"Objects": [{"Key": "a"}]}}),
    ("s3", "CopyObject", {**KEY, "CopySource": "shop/other"}),
    ("s3", "CreateMultipartUpload", KEY),
    ("s3", "UploadPart", {**UPLOAD, "PartNumber": 1, "Body": b"x"}),
    ("s3", "UploadPartCopy", {**UPLOAD, "PartNumber": 1, "CopySource": "shop/other"}),
    ("s3", "CompleteMultipartUpload", UPLOAD),
    ("s3", "AbortMultipartUpload", UPLOAD),
    ("s3", "ListParts", UPLOAD),
    ("s3", "GetObjectTagging", KEY),
    ("s3", "GetObjectAttributes", {**KEY, "ObjectAttributes": ["ETag"]}),
    ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1:8083/1/q", "MessageBody": "x"}),
    ("sns", "Publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "x"}),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}),
    ("ssm", "GetParameter", {"Name": "/a"}),
    ("secretsmanager", "GetSecretValue", {"SecretId": "a"}),
    ("kms", "Decrypt", {"CiphertextBlob": b"x"}),
    ("sts", "GetCallerIdentity", {}),
    ("ecs", "ListTasks", {}),
    ("ec2", "DescribeVpcs", {}),
    ("elbv2", "DescribeLoadBalancers", {}),
]  # fmt: skip
PROTOCOLS = {"s3": "rest-xml", "sns": "query", "sts": "query", "elbv2": "query", "ec2": "ec2"}


class _SentError(Exception):
    """The request, before it is sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


def sent(
    service: str, operation: str, arguments: dict[str, Any], style: str
) -> tuple[Request, bytes]:
    """The request that boto3 makes."""
    endpoint = "http://127.0.0.1:8083" if style == "path" else "http://localhost:8083"
    client = boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(s3={"addressing_style": style}),
    )

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        raise _SentError(request)

    client.meta.events.register("before-send", keep)
    method = {name: python for python, name in client.meta.method_to_api_mapping.items()}[operation]
    with pytest.raises(_SentError) as caught:
        getattr(client, method)(**arguments)
    request = caught.value.request
    parts = urlsplit(request.url)
    headers = [(name.lower(), text(value)) for name, value in request.headers.items()]
    headers.append(("host", parts.netloc))
    body = request.body.encode() if isinstance(request.body, str) else request.body
    raw = body if isinstance(body, bytes) else b""
    return Request(request.method, parts.path, parts.query, tuple(headers)), raw


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize(
    ("service", "operation", "arguments"), CALLS, ids=lambda each: str(each)[:30]
)
def test_an_operation_is_known_by_its_request(
    service: str, operation: str, arguments: dict[str, Any], style: str
) -> None:
    if service != "s3" and style == "virtual":
        return
    call = identify(*sent(service, operation, arguments, style))
    assert (call.operation, call.region) == (operation, "eu-west-1")
    assert call.service == {"elbv2": "elasticloadbalancing"}.get(service, service)
    assert call.protocol == PROTOCOLS.get(service, "json")


def test_an_unsigned_request_goes_to_s3() -> None:
    request = Request("GET", "/shop/key", "", (("host", "127.0.0.1:8083"),))
    call = identify(request, b"")
    assert (call.service, call.operation, call.protocol) == ("s3", "GetObject", "rest-xml")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("DELETE", "/shop/a?acl", "DELETE ?acl"),
        ("DELETE", "/shop/a?legal-hold", "DELETE ?legal-hold"),
        ("DELETE", "/shop/a?tagging", "DeleteObjectTagging"),
        ("HEAD", "/shop/a?acl", "HEAD ?acl"),
        ("PUT", "/shop/a?attributes", "PUT ?attributes"),
        ("DELETE", "/shop?location", "DELETE ?location"),
        ("DELETE", "/shop?website", "DeleteBucketWebsite"),
        ("PUT", "/shop?acl&policy", "PUT ?acl&policy"),
        ("PUT", "//shop/a", "PUT /"),
    ],
)
def test_a_part_of_a_resource_is_never_taken_for_the_whole(
    method: str, path: str, expected: str
) -> None:
    place, _, query = path.partition("?")
    assert identify(Request(method, place, query, ()), b"").operation == expected
    known = " " not in expected
    assert is_operation(expected) is known


def test_headers_of_other_protocols_do_not_rename_a_call_of_s3() -> None:
    credential = "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/s3/aws4_request"
    for header in (("x-amz-target", "X.ListBuckets"), ("smithy-protocol", "rpc-v2-cbor")):
        signed = Request("GET", "/shop/a", "", (("authorization", credential), header))
        call = identify(signed, b"")
        assert (call.service, call.operation, call.protocol) == ("s3", "GetObject", "rest-xml")
        assert identify(Request("GET", "/shop/a", "", (header,)), b"").operation == "GetObject"
