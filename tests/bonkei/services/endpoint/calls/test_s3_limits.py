"""S3's documented limits, refused in S3's words: a real client on the real store."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from bonkei.services.endpoint.backing.parts import require_complete
from bonkei.services.endpoint.calls import s3_limits
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.port import connection
from tests.bonkei.services.endpoint.rigs import REGION, Rig

GIB = 1024**3
OK = b"HTTP/1.1 200"


def refusal(call: Any, **parameters: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return {**caught.value.response["Error"], "Status": status_of(caught.value)}


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def put(rig: Rig, path: str, *more: str, body: bytes = b"") -> bytes:
    """The answer to a PUT whose body differs from the announced length."""
    with connected(rig) as client:
        return answered(client, head(rig, path, *more) + body)


def put_all(rig: Rig, paths: Iterable[str]) -> None:
    """Empty objects, on one connection: a client of boto3 takes ten times as long for each."""
    with connected(rig) as client:
        for path in paths:
            assert answered(client, head(rig, path, "Content-Length: 0")).startswith(OK)


def head(rig: Rig, path: str, *more: str) -> bytes:
    """That of a signed PUT. Amazon's headers of `more` are signed."""
    environment = rig.cloud.callers.person("")
    url = environment["AWS_ENDPOINT_URL"]
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    amazon = [line.partition(": ")[::2] for line in more if line.startswith("X-Amz-")]
    headers = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD", **dict(amazon)}
    request = AWSRequest("PUT", url + path, headers=headers)
    SigV4Auth(keys, "s3", REGION).add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    first = [f"PUT {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    more = tuple(line for line in more if not line.startswith("X-Amz-"))
    return "\r\n".join([*first, *lines, *more, "", ""]).encode()


def connected(rig: Rig) -> socket.socket:
    address = urlsplit(rig.cloud.callers.person("")["AWS_ENDPOINT_URL"])
    return socket.create_connection((address.hostname, address.port), 60)


def answered(client: socket.socket, request: bytes) -> bytes:
    client.sendall(request)
    answer = b""
    while not is_whole(answer):
        more = client.recv(65_536)
        assert more, answer
        answer += more
    return answer


def is_whole(answer: bytes) -> bool:
    """Whether nothing is missing of an answer, which may have come in several pieces."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(found) and len(body) >= (int(length[1]) if length else 0)


@pytest.mark.parametrize("path", ["/shop/large", "/shop/large?partNumber=1&uploadId=u"])
def test_a_put_of_more_than_5_gib(rig: Rig, path: str) -> None:
    """The length alone refuses it, before the client sends a byte: it waits for 100 Continue.

    "Uploading objects", Amazon S3 User Guide: "Upload an object in a single operation by using the
    AWS SDKs, REST API, or AWS CLI – With a single PUT operation, you can upload a single object up
    to 5 GB in size."
    """
    waits = "Expect: 100-continue"
    answer = put(rig, path, f"Content-Length: {5 * GIB + 1}", waits).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "<Code>EntityTooLarge</Code>" in answer
    assert "<Message>Your proposed upload exceeds the maximum allowed size</Message>" in answer
    assert f"<ProposedSize>{5 * GIB + 1}</ProposedSize>" in answer
    assert f"<MaxSizeAllowed>{5 * GIB}</MaxSizeAllowed>" in answer
    decoded = f"X-Amz-Decoded-Content-Length: {5 * GIB + 1}"
    assert b"EntityTooLarge" in put(rig, path, "Content-Length: 9", waits, decoded)
    assert put(rig, "/shop/large", f"Content-Length: {5 * GIB}", waits).startswith(
        b"HTTP/1.1 100 Continue"
    )


def test_chunks_of_more_than_5_gib(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is lower in this test. A client that announces less than it sends is refused,
    too.
    """
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="kept", Body=b"before")
    monkeypatch.setattr(s3_limits, "LARGEST", 1_000_000)
    monkeypatch.setattr(connection, "_LINGER", 60.0)  # the client sends all before it reads
    chunk = b"%x\r\n%b\r\n" % (200_000, b"x" * 200_000)
    framed = ("Content-Encoding: aws-chunked", "Transfer-Encoding: chunked")
    for number, expected in ((5, OK), (7, b"EntityTooLarge")):
        length = f"X-Amz-Decoded-Content-Length: {min(number, 5) * 200_000}"
        inner = chunk * number + b"0\r\n\r\n"
        body = b"".join(
            b"%x\r\n%b\r\n" % (len(part), part)
            for part in (inner[at : at + 50_000] for at in range(0, len(inner), 50_000))
        )
        answer = put(rig, f"/shop/{number}", *framed, length, body=body + b"0\r\n\r\n")
        assert expected in answer
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="shop")["Contents"]] == ["5", "kept"]
    for key in ("5", "kept"):
        s3.delete_object(Bucket="shop", Key=key)


def test_a_put_needs_a_length(rig: Rig) -> None:
    """ "Error responses": NotImplemented and MissingContentLength."""
    answer = put(rig, "/shop/a", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 501")
    assert b"<Code>NotImplemented</Code>" in answer
    answer = put(rig, "/shop/a")
    assert answer.startswith(b"HTTP/1.1 411")
    assert b"<Code>MissingContentLength</Code>" in answer


def test_limits_of_parts(rig: Rig) -> None:
    """ "Amazon S3 multipart upload limits": part numbers from 1 to 10,000, parts of 5 MiB at least
    but for the last one."""
    s3 = rig.client("s3")
    name = {"Bucket": "shop", "Key": "parts"}
    upload = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    for number in (0, 10_001):
        found = refusal(s3.upload_part, **upload, PartNumber=number, Body=b"x")
        assert (found["Code"], found["Status"]) == ("InvalidArgument", 400)
        assert found["Message"] == "Part number must be an integer between 1 and 10000, inclusive"
    parts = []
    for number in (9_999, 10_000):
        made = s3.upload_part(**upload, PartNumber=number, Body=b"x" * (5 * 2**20 - 1))
        parts.append({"PartNumber": number, "ETag": made["ETag"]})
    found = refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts})
    assert (found["Code"], found["Status"]) == ("EntityTooSmall", 400)
    assert found["Message"] == "Your proposed upload is smaller than the minimum allowed size"
    for wrong, code in ((parts[::-1], "InvalidPartOrder"), ([], "MalformedXML")):
        found = refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wrong})
        assert (found["Code"], found["Status"]) == (code, 400)
    made = s3.upload_part(**upload, PartNumber=9_999, Body=b"x" * (5 * 2**20))
    parts[0]["ETag"] = made["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.head_object(**name)["ContentLength"] == 10 * 2**20 - 1
    s3.delete_object(**name)


def test_keys_and_metadata(rig: Rig) -> None:
    """ "Creating object key names": 1,024 bytes of UTF-8; "Working with object metadata": 2 KB."""
    s3 = rig.client("s3")
    found = refusal(s3.put_object, Bucket="shop", Key="é" * 513, Body=b"")
    assert (found["Code"], found["Message"]) == ("KeyTooLongError", "Your key is too long")
    found = refusal(s3.put_object, Bucket="shop", Key="m", Metadata={"a": "x" * 2_048})
    assert found["Code"] == "MetadataTooLarge"
    assert found["Message"] == "Your metadata headers exceed the maximum allowed metadata size"
    s3.put_object(Bucket="shop", Key="é" * 512, Metadata={"a": "x" * 2_047})
    s3.delete_object(Bucket="shop", Key="é" * 512)


def test_other_limits(rig: Rig) -> None:
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="tagged")
    tags = {"TagSet": [{"Key": str(number), "Value": "v"} for number in range(11)]}
    found = refusal(s3.put_object_tagging, Bucket="shop", Key="tagged", Tagging=tags)
    assert found["Code"] in ("BadRequest", "InvalidTag")
    s3.delete_object(Bucket="shop", Key="tagged")


def test_a_page_has_1000_keys_at_most(rig: Rig) -> None:
    """In a bucket of its own, whose objects no one deletes: each deletion would write a marker."""
    s3 = rig.client("s3")
    s3.create_bucket(Bucket="many", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="many", VersioningConfiguration={"Status": "Enabled"})
    put_all(rig, (f"/many/n/{number:04}" for number in range(1_001)))
    for call in (s3.list_objects, s3.list_objects_v2):
        page = call(Bucket="many", Prefix="n/", MaxKeys=5_000)
        assert (len(page["Contents"]), page["MaxKeys"], page["IsTruncated"]) == (1_000, 1_000, True)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="many", Prefix="n/")
    assert [len(page["Versions"]) for page in pages] == [1_000, 1]


def test_pages_of_versions_repeat_no_object_without_one(rig: Rig) -> None:
    s3 = rig.client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    put_all(rig, ("/plain/a", "/plain/b", "/plain/c"))
    listing = s3.get_paginator("list_object_versions")
    pages = listing.paginate(Bucket="plain", PaginationConfig={"PageSize": 1})
    assert [[one["Key"] for one in page["Versions"]] for page in pages] == [["a"], ["b"], ["c"]]


def test_a_call_deletes_1000_keys_at_most(rig: Rig) -> None:
    """A deletion of what is not there succeeds."""
    s3 = rig.client("s3")
    s3.create_bucket(Bucket="empty", CreateBucketConfiguration={"LocationConstraint": REGION})
    keys = [{"Key": str(number)} for number in range(1_001)]
    found = refusal(s3.delete_objects, Bucket="empty", Delete={"Objects": keys})
    assert found["Code"] == "MalformedXML"
    deleted = s3.delete_objects(Bucket="empty", Delete={"Objects": keys[:1_000]})["Deleted"]
    assert len(deleted) == 1_000


def test_a_copy_to_itself_must_change_something(rig: Rig) -> None:
    """The words are those of "CopyObject"'s error InvalidRequest."""
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="a b", Body=b"x")
    same = {"Bucket": "shop", "Key": "a b", "CopySource": {"Bucket": "shop", "Key": "a b"}}
    found = refusal(s3.copy_object, **same)
    assert (found["Code"], found["Status"]) == ("InvalidRequest", 400)
    assert "trying to copy an object to itself" in found["Message"]
    s3.copy_object(**same, MetadataDirective="REPLACE", Metadata={"a": "b"})
    assert s3.head_object(Bucket="shop", Key="a b")["Metadata"] == {"a": "b"}
    s3.delete_object(Bucket="shop", Key="a b")


def test_operations_that_are_not_simulated_are_refused_by_name(rig: Rig) -> None:
    s3 = rig.client("s3")
    csv, lines = {"CSV": {"FileHeaderInfo": "USE"}}, {"JSON": {}}
    found = refusal(
        s3.select_object_content, Bucket="shop", Key="a", ExpressionType="SQL",
        Expression="select * from s3object", InputSerialization=csv, OutputSerialization=lines,
    )  # fmt: skip
    assert (found["Code"], found["Status"]) == ("NotImplemented", 501)
    assert "s3:SelectObjectContent" in found["Message"]


SETTINGS = ("cors", "website", "notification", "encryption", "lifecycle", "tagging", "logging")


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    ("size", "code"), [(10, "MalformedXML"), (300_000, "MalformedXML"),
                       (1_100_000, "MaxMessageLengthExceeded")],
)  # fmt: skip
def test_a_setting_that_is_not_a_document(rig: Rig, name: str, size: int, code: str) -> None:
    body = b"<a>" + b"x" * size
    answer = put(rig, f"/shop?{name}", f"Content-Length: {len(body)}", body=body)
    assert (answer[:12], code.encode() in answer) == (b"HTTP/1.1 400", True)


def test_a_long_setting_is_taken(rig: Rig) -> None:
    """MiniStack got one as a file, and answered 500."""
    s3 = rig.client("s3")
    rules = [
        {"ID": f"{number}-{'x' * 240}", "Status": "Enabled", "Filter": {"Prefix": f"{number}/"},
         "Expiration": {"Days": 1}}
        for number in range(800)
    ]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(
        Bucket="shop", LifecycleConfiguration={"Rules": rules}
    )  # fmt: skip
    assert len(s3.get_bucket_lifecycle_configuration(Bucket="shop")["Rules"]) == 800
    s3.delete_bucket_lifecycle(Bucket="shop")


def test_the_digest_of_a_setting_is_compared(rig: Rig) -> None:
    digest = f"X-Amz-Content-SHA256: {'0' * 64}"
    answer = put(rig, "/shop?tagging", "Content-Length: 4", digest, body=b"<a/>")
    assert b"XAmzContentSHA256Mismatch" in answer


def test_keys_with_what_xml_cannot_have(rig: Rig) -> None:
    s3, keys = rig.client("s3"), ["a\x01b", "a\x0b&<c", "a\rb", "a é+%"]
    bucket = rig.client("s3").create_bucket
    bucket(Bucket="odd", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in keys:
        s3.put_object(Bucket="odd", Key=key, Body=b"1")
    found = s3.list_object_versions(Bucket="odd")["Versions"]
    assert sorted(each["Key"] for each in found) == sorted(keys)
    s3.create_multipart_upload(Bucket="odd", Key=keys[2])
    listed = s3.list_multipart_uploads(Bucket="odd", EncodingType="url")["Uploads"]
    assert [each["Key"] for each in listed] == ["a%0Db"]


async def test_the_parts_of_a_key_with_what_xml_cannot_have() -> None:
    listing = b"".join(
        b"<Part><PartNumber>%d</PartNumber><ETag>e</ETag><Size>1</Size></Part>" % number
        for number in (1, 2)
    )

    async def ask(_: Request) -> tuple[int, bytes]:
        return 200, b"<ListPartsResult><Key>a\x01b</Key>" + listing + b"</ListPartsResult>"

    call, body = Request("POST", "/shop/a%01b", "uploadId=1", ()), b"<All>%b</All>" % listing
    with pytest.raises(ApiError) as caught:
        await require_complete(ask, call, body)
    assert caught.value.code == "EntityTooSmall"


@pytest.mark.parametrize("number", ["", "-1", "+1", " 1", "1e3", "\u0661", "9" * 5_000])
def test_a_part_has_a_number(number: str) -> None:
    """Python takes the digits of all scripts for a number."""
    call = Call("s3", "UploadPart", "rest-xml")
    request = Request("PUT", "/shop/a", f"uploadId=1&partNumber={quote(number)}", ())
    with pytest.raises(ApiError, match="between 1 and 10000"):
        s3_limits.check(call, request)


UPLOADED = [f"<PartNumber>{number}</PartNumber><ETag>e</ETag>" for number in (1, 2)]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([UPLOADED[0], UPLOADED[0]], "InvalidPartOrder"),  # or the object would have it twice
        ([UPLOADED[1], UPLOADED[0]], "InvalidPartOrder"),
        (["<PartNumber>one</PartNumber><ETag>e</ETag>"], "MalformedXML"),
        ([f"<PartNumber>{'9' * 5_000}</PartNumber><ETag>e</ETag>"], "MalformedXML"),
        (["<PartNumber>1</PartNumber>"], "MalformedXML"),
        ([UPLOADED[0], "<ETag>e</ETag>"], "MalformedXML"),
        ([UPLOADED[0], "<PartNumber>2</PartNumber><ETag/>"], "MalformedXML"),
        ([], "MalformedXML"),
    ],
)
async def test_a_list_of_parts_that_makes_no_object(parts: list[str], code: str) -> None:
    async def ask(_: Request) -> tuple[int, bytes]:
        listing = "".join(f"<Part>{each}<Size>5242880</Size></Part>" for each in UPLOADED)
        return 200, f"<ListPartsResult>{listing}</ListPartsResult>".encode()

    body = "".join(f"<Part>{each}</Part>" for each in parts)
    document = f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>".encode()
    with pytest.raises(ApiError) as caught:
        await require_complete(ask, Request("POST", "/shop/a", "uploadId=1", ()), document)
    assert caught.value.code == code


ENTITY = """<!DOCTYPE a [<!ENTITY x "1">]>
<a><Part><PartNumber>&x;</PartNumber><ETag>e</ETag></Part></a>"""


@pytest.mark.parametrize("document", ["", "not XML", "<All>", ENTITY])
async def test_what_is_not_a_list_of_parts(document: str) -> None:
    """MiniStack answered 500 to entities."""

    async def ask(_: Request) -> tuple[int, bytes]:
        raise AssertionError("there is nothing to ask for")

    with pytest.raises(ApiError) as caught:
        await require_complete(
            ask, Request("POST", "/shop/a", "uploadId=1", ()), document.encode()
        )  # fmt: skip
    assert caught.value.code == "MalformedXML"


TAG = "<Tag><Key>{}</Key><Value/></Tag>"
HOME = (
    "The us-east-1 location constraint is incompatible for the region specific endpoint this "
    "request was sent to."
)


@pytest.mark.parametrize(
    ("operation", "region", "inner", "words"),
    [
        ("PutBucketTagging", REGION, TAG.format("aws:a"),
         "System tags cannot be added/updated by requester"),
        ("PutObjectTagging", REGION, TAG.format("aws:a"),
         "Your TagKey cannot be prefixed with aws:"),
        ("PutObjectTagging", REGION, TAG.format("a") * 2,
         "Cannot provide multiple Tags with the same key"),
        ("PutBucketTagging", REGION, TAG.format("a:aws:b") + TAG.format("a"), ""),
        ("CreateBucket", REGION, "<LocationConstraint>us-east-1</LocationConstraint>", HOME),
        ("CreateBucket", "us-east-1", "<LocationConstraint>us-east-1</LocationConstraint>", ""),
        ("CreateBucket", REGION, f"<LocationConstraint>{REGION}</LocationConstraint>", ""),
    ],
)  # fmt: skip
def test_what_a_document_may_not_have(operation: str, region: str, inner: str, words: str) -> None:
    call, request = Call("s3", operation, "rest-xml", region), Request("PUT", "/shop/a", "", ())
    body = f'<All xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</All>'.encode()
    if not words:
        s3_limits.check(call, request, body)
        return
    with pytest.raises(ApiError) as caught:
        s3_limits.check(call, request, body)
    assert caught.value.message == words
