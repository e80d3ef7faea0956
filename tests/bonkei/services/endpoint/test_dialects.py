"""What MiniStack answers otherwise than AWS is answered as AWS does: real clients."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import over_http
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from bonkei.services.endpoint.backing.dialects.s3 import encoded_word
from bonkei.services.endpoint.backing.parts import require_complete
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError
from tests.bonkei.services.endpoint.rigs import REGION, Rig

HELLO = {"crc32": "NhCmhg==", "sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "crc32c": "mnG7TA==",
         "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
         "crc64nvme": "M3eFcAZSQlc="}  # fmt: skip
"""The checksums of `hello`."""


def send(
    rig: Rig, method: str, path: str, body: bytes = b"", service: str = "s3", **headers: str
) -> httpx.Response:
    environment = rig.cloud.callers.person("")
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named |= {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"} if service == "s3" else {}
    request = AWSRequest(method, rig.url + path, named, body)
    SigV4Auth(keys, service, REGION).add_auth(request)
    return httpx.request(
        method, rig.url + path, content=body, headers=dict(request.headers), timeout=60
    )  # fmt: skip


def error(call: Callable[..., Any], **given: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    found = caught.value.response
    status = found["ResponseMetadata"]["HTTPStatusCode"]
    return status, found["Error"]["Code"], found["Error"].get("Message", "")


@pytest.mark.parametrize("kind", HELLO)
def test_a_checksum_is_kept_shown_and_compared(rig: Rig, kind: str) -> None:
    s3, name = rig.client("s3"), f"x-amz-checksum-{kind}"

    def put(value: str) -> httpx.Response:
        return send(rig, "PUT", f"/shop/sum-{kind}", b"hello", **{name: value})

    made = put(HELLO[kind])
    assert (made.status_code, made.headers[name]) == (200, HELLO[kind])
    assert made.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    head = s3.head_object(Bucket="shop", Key=f"sum-{kind}", ChecksumMode="ENABLED")
    assert head[f"Checksum{kind.upper()}"] == HELLO[kind]
    other = base64.b64encode(bytes(len(base64.b64decode(HELLO[kind])))).decode()
    for wrong, code, message in (
        (other, "BadDigest",
         f"The {kind.upper()} you specified did not match the calculated checksum."),
        ("no", "InvalidRequest", f"Value for {name} header is invalid."),
        ("AAAA", "InvalidRequest", f"Value for {name} header is invalid."),
    ):  # fmt: skip
        refused = put(wrong)
        assert refused.status_code == 400
        assert f"<Code>{code}</Code><Message>{message}</Message>" in refused.text


def test_an_object_has_one_checksum(rig: Rig) -> None:
    both = {"x-amz-checksum-crc32": HELLO["crc32"], "x-amz-checksum-sha1": HELLO["sha1"]}
    refused = send(rig, "PUT", "/shop/two", b"hello", **both)
    assert (refused.status_code, "Multiple checksum Types" in refused.text) == (400, True)


def test_a_checksum_after_the_chunks_is_shown(rig: Rig) -> None:
    body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{HELLO['crc32']}\r\n\r\n".encode()
    made = send(
        rig, "PUT", "/shop/chunks", body, content_encoding="aws-chunked",
        x_amz_decoded_content_length="5", x_amz_trailer="x-amz-checksum-crc32",
    )  # fmt: skip
    assert (made.status_code, made.headers["x-amz-checksum-crc32"]) == (200, HELLO["crc32"])


def test_a_copy_shows_its_checksum(rig: Rig) -> None:
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="original", Body=b"hello")
    made = s3.copy_object(Bucket="shop", Key="copy", CopySource="shop/original")
    assert made["CopyObjectResult"]["ChecksumCRC32"] == HELLO["crc32"]
    assert made["CopyObjectResult"]["ChecksumType"] == "FULL_OBJECT"
    assert made["ServerSideEncryption"] == "AES256"
    where = {"Bucket": "shop", "Key": "other"}
    other = s3.copy_object(**where, CopySource="shop/original", ChecksumAlgorithm="SHA256")
    attributes = s3.get_object_attributes(**where, ObjectAttributes=["Checksum"])["Checksum"]
    head = s3.head_object(**where, ChecksumMode="ENABLED")
    for found in (other["CopyObjectResult"], attributes, head):
        shown = {name: value for name, value in found.items() if name.startswith("Checksum")}
        assert shown == {"ChecksumSHA256": HELLO["sha256"], "ChecksumType": "FULL_OBJECT"}


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("COMPOSITE", "CRC64NVME"), ("FULL_OBJECT", "SHA1"), ("FULL_OBJECT", "SHA256")],
)
def test_a_checksum_of_parts_that_does_not_fit(rig: Rig, kind: str, algorithm: str) -> None:
    found = error(
        rig.client("s3").create_multipart_upload, Bucket="shop", Key="a", ChecksumType=kind,
        ChecksumAlgorithm=algorithm,
    )  # fmt: skip
    said = (
        f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
    )
    assert found == (400, "InvalidRequest", said)


def test_what_each_object_has(rig: Rig) -> None:
    s3, where = rig.client("s3"), {"Bucket": "shop", "Key": "usual"}
    made = s3.put_object(**where, Body=b"hello")
    assert (made["ServerSideEncryption"], made["ChecksumCRC32"]) == ("AES256", HELLO["crc32"])
    for read in (s3.get_object, s3.head_object):
        found = read(**where)
        assert (found["ContentType"], found["ServerSideEncryption"]) == (
            "binary/octet-stream", "AES256",
        )  # fmt: skip
    s3.put_object(**where, Body=io.BytesIO(b"x" * 300_000), ContentType="text/plain")
    large = s3.get_object(**where)
    assert (large["ContentType"], large["ServerSideEncryption"]) == ("text/plain", "AES256")
    upload = s3.create_multipart_upload(**where)
    part = s3.upload_part(**where, UploadId=upload["UploadId"], PartNumber=1, Body=b"1")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    done = s3.complete_multipart_upload(
        **where, UploadId=upload["UploadId"], MultipartUpload=parts
    )  # fmt: skip
    assert {each["ServerSideEncryption"] for each in (upload, part, done)} == {"AES256"}
    assert s3.head_object(**where)["ContentType"] == "binary/octet-stream"


def test_a_piece_of_an_object(rig: Rig) -> None:
    s3, where = rig.client("s3"), {"Bucket": "shop", "Key": "piece"}
    s3.put_object(**where, Body=b"hello world")
    for read in (s3.get_object, s3.head_object):
        for given, length, place in (
            ({"Range": "bytes=2-4"}, 3, "bytes 2-4/11"),
            ({"Range": "bytes=-3"}, 3, "bytes 8-10/11"),
            ({"PartNumber": 1}, 11, "bytes 0-10/11"),
        ):
            found = read(**where, **given)
            status = found["ResponseMetadata"]["HTTPStatusCode"]
            assert (status, found["ContentLength"], found["ContentRange"]) == (206, length, place)
        for given, status in (
            ({"Range": "bytes=20-"}, 416), ({"PartNumber": 2}, 416),
            ({"PartNumber": 1, "Range": "bytes=0-1"}, 400),
        ):  # fmt: skip
            assert error(read, **where, **given)[0] == status
    refused = s3.generate_presigned_url("get_object", {**where, "PartNumber": 2})
    text = over_http.get(refused, timeout=60).text
    assert "<ActualPartCount>1</ActualPartCount>" in text
    assert "InvalidPartNumber" in text
    assert error(s3.head_object, Bucket="shop", Key="none", Range="bytes=0-1")[0] == 404


def test_a_part_of_an_upload(rig: Rig) -> None:
    s3, where = rig.client("s3"), {"Bucket": "shop", "Key": "parts"}
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    made = [
        s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        for number, body in ((1, b"x" * 5 * 1024**2), (2, b"end"))
    ]
    parts = [{"ETag": etag, "PartNumber": number} for number, etag in enumerate(made, 1)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    for number, length in ((1, 5 * 1024**2), (2, 3)):
        found = s3.head_object(**where, PartNumber=number)
        assert (found["ContentLength"], found["PartsCount"]) == (length, 2)
    refused = s3.generate_presigned_url("get_object", {**where, "PartNumber": 3})
    assert "<ActualPartCount>2</ActualPartCount>" in over_http.get(refused, timeout=60).text


def test_the_checksum_of_a_whole_object_in_parts(rig: Rig) -> None:
    """It was compared with that of the parts' checksums, and never the same."""
    s3, where = rig.client("s3"), {"Bucket": "shop", "Key": "whole"}
    upload = s3.create_multipart_upload(
        **where, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )["UploadId"]  # fmt: skip
    etags = [
        s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in ((1, b"x" * 5 * 1024**2), (2, b"hello"))
    ]
    parts = {"Parts": [{"ETag": etag, "PartNumber": each} for each, etag in enumerate(etags, 1)]}
    given = {**where, "UploadId": upload, "MultipartUpload": parts, "ChecksumType": "FULL_OBJECT"}
    refused = error(s3.complete_multipart_upload, **given, ChecksumCRC32="AAAAAA==")
    assert refused[1] == "BadDigest"
    assert s3.complete_multipart_upload(**given, ChecksumCRC32="gFOByQ==")["ETag"]


@pytest.mark.parametrize(
    ("kind", "first", "whole"),
    [
        ("crc32", "BwQzxA==", "gFOByQ=="),
        ("crc32c", "nSzuZg==", "eTymOg=="),
        ("crc64nvme", "UpX9kykq4BQ=", "5QF0XT7NfoE="),
    ],
)
async def test_the_checksum_of_two_parts(kind: str, first: str, whole: str) -> None:
    """The first one has 5 MiB of `x`, and the second one is `hello`."""
    name, part = f"Checksum{kind.upper()}", "<Part><PartNumber>{}</PartNumber>"
    listing = "".join(
        f"{part.format(number)}<ETag>e</ETag><Size>{size}</Size><{name}>{value}</{name}></Part>"
        for number, size, value in ((1, 5 * 1024**2, first), (2, 5, HELLO[kind]))
    )

    async def ask(_: Request) -> tuple[int, bytes]:
        return 200, f"<ListPartsResult>{listing}</ListPartsResult>".encode()

    def complete(value: str) -> Request:
        headers = (("x-amz-checksum-type", "FULL_OBJECT"), (f"x-amz-checksum-{kind}", value))
        return Request("POST", "/shop/a", "uploadId=1", headers)

    body = f"<All>{listing}</All>".encode()
    await require_complete(ask, complete(whole), body)
    with pytest.raises(ApiError) as caught:
        await require_complete(ask, complete(first), body)
    assert caught.value.code == "BadDigest"


def test_letters_of_metadata(rig: Rig) -> None:
    """S3 shows them as RFC 2047 encodes them."""
    expected = "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="
    name = "test_\u2014_file%E2.pdf"
    assert encoded_word(name) == "=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2.pdf?="
    environment = rig.cloud.callers.person("")
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest("PUT", f"{rig.url}/shop/letters", {"x-amz-meta-a": "ÄMÄZÕÑ S3"})
    request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    SigV4Auth(keys, "s3", REGION).add_auth(request)
    raw = [(name.encode(), str(text).encode()) for name, text in request.headers.items()]
    made = httpx.put(f"{rig.url}/shop/letters", headers=raw, timeout=60)
    assert made.status_code == 200
    found = rig.client("s3").head_object(Bucket="shop", Key="letters")
    assert found["Metadata"] == {"a": expected}


def asked(rig: Rig, protocol: str, operation: str, **given: str) -> httpx.Response:
    """A call of SQS."""
    if protocol == "json":
        return send(
            rig, "POST", "/", json.dumps(given).encode(), "sqs",
            x_amz_target=f"AmazonSQS.{operation}", content_type="application/x-amz-json-1.0",
        )  # fmt: skip
    form = urlencode({"Action": operation, "Version": "2012-11-05", **given}).encode()
    kind = "application/x-www-form-urlencoded"
    return send(rig, "POST", "/", form, "sqs", content_type=kind)


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_a_message_can_be_deleted_again(rig: Rig, protocol: str) -> None:
    sqs = rig.client("sqs")
    url = sqs.create_queue(QueueName=f"again-{protocol}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    given = {"QueueUrl": url, "ReceiptHandle": handle}
    for _ in range(2):
        assert asked(rig, protocol, "DeleteMessage", **given).status_code == 200
    gone = asked(rig, protocol, "ChangeMessageVisibility", **given, VisibilityTimeout="1")
    assert "InvalidParameterValue" in gone.text
    assert f"Value {handle} for parameter ReceiptHandle is invalid." in gone.text
    other = asked(rig, protocol, "DeleteMessage", QueueUrl=url, ReceiptHandle="garbage")
    assert (other.status_code, "ReceiptHandleIsInvalid" in other.text) == (400, True)
    entries = [{"Id": "1", "ReceiptHandle": handle}, {"Id": "2", "ReceiptHandle": "garbage"}]
    found = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert ([each["Id"] for each in found["Successful"]], found["Failed"][0]["Id"]) == (["1"], "2")


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_a_flag_in_capitals(rig: Rig, protocol: str) -> None:
    sqs = rig.client("sqs")
    name, flags = (
        f"flags-{protocol}.fifo",
        {"FifoQueue": "True", "ContentBasedDeduplication": "True"},
    )
    if protocol == "json":
        url = sqs.create_queue(QueueName=name, Attributes=flags)["QueueUrl"]
    else:
        given = {}
        for number, (flag, value) in enumerate(flags.items(), 1):
            given |= {f"Attribute.{number}.Name": flag, f"Attribute.{number}.Value": value}
        assert asked(rig, protocol, "CreateQueue", QueueName=name, **given).status_code == 200
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="1")["SequenceNumber"]


def test_a_carriage_return_in_xml(rig: Rig) -> None:
    sqs = rig.client("sqs")
    url = sqs.create_queue(QueueName="returns")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a\rb\r\nc")
    answer = asked(rig, "query", "ReceiveMessage", QueueUrl=url)
    assert "<Body>a&#xD;b&#xD;\nc</Body>" in answer.content.decode()


def test_what_an_error_names(rig: Rig) -> None:
    s3, here = rig.client("s3"), {"Bucket": "shop"}

    def named(call: Callable[..., Any], **given: Any) -> dict[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**given)
        found: dict[str, str] = dict(caught.value.response["Error"])
        return {name: value for name, value in found.items() if name not in ("Code", "Message")}

    assert named(s3.list_objects_v2, Bucket="none-of-them") == {"BucketName": "none-of-them"}
    assert named(s3.get_bucket_website, **here) == {"BucketName": "shop"}
    missing = named(s3.get_object, **here, Key="a <b>", VersionId="0" * 32)
    assert missing == {"Key": "a <b>", "VersionId": "0" * 32}
    for key in ("none", "a\\1.txt", "C:\\d", "\\"):
        assert named(s3.get_object, **here, Key=key) == {"Key": key}
    assert named(s3.list_parts, **here, Key="a", UploadId="none") == {"UploadId": "none"}
    s3.delete_object(**here, Key="none")
    marked = send(rig, "GET", "/shop/none")
    assert marked.headers["x-amz-delete-marker"] == "true"
