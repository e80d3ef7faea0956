"""What is in an error of S3 and SQS besides its code."""

from __future__ import annotations

import json

import pytest

from bonkei.services.endpoint.backing.dialects import s3 as s3_dialect
from bonkei.services.endpoint.backing.dialects.errors import with_condition, with_namespace
from bonkei.services.endpoint.calls.request import Call, Request
from tests.bonkei.services.endpoint.rigs import Rig

ERROR = b"<Error><Code>PreconditionFailed</Code></Error>"


@pytest.mark.parametrize(
    ("header", "condition"),
    [
        ("if-match", "If-Match"),
        ("if-none-match", "If-None-Match"),
        ("x-amz-copy-source-if-none-match", "x-amz-copy-source-If-None-Match"),
    ],
)
def test_the_condition_that_did_not_hold_is_named(header: str, condition: str) -> None:
    found = with_condition({header: "x", "host": "h"}, ERROR)
    assert found == ERROR.replace(b"</E", f"<Condition>{condition}</Condition></E".encode())
    assert with_condition({"host": "h"}, ERROR) is None
    assert found is not None
    assert with_condition({header: "x"}, found) is None


def test_the_name_of_an_error_of_sqs_is_whole() -> None:
    message = "The specified queue does not exist for this wsdl version."
    body = json.dumps({"__type": "QueueDoesNotExist", "message": message}).encode()
    found = with_namespace({"x-amzn-errortype": "QueueDoesNotExist", "a": "b"}, b"{}", body)
    assert found is not None
    whole = "com.amazonaws.sqs#QueueDoesNotExist"
    assert found[0] == {"x-amzn-errortype": whole, "a": "b"}
    assert json.loads(found[1]) == {
        "__type": whole,
        "message": "The specified queue does not exist.",
    }


def test_real_errors(rig: Rig) -> None:
    sqs, s3 = rig.client("sqs"), rig.client("s3")
    url = sqs.create_queue(QueueName="batch.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    many = [{"Id": f"{n}", "MessageBody": "a", "MessageGroupId": "a"} for n in range(11)]
    with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest, match="have sent 11"):
        sqs.send_message_batch(QueueUrl=url, Entries=many)
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (shown["DeduplicationScope"], shown["FifoThroughputLimit"]) == ("queue", "perQueue")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="none")
    answered = caught.value.response
    assert answered["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    head = answered["ResponseMetadata"]["HTTPHeaders"]
    assert head["x-amzn-errortype"] == "com.amazonaws.sqs#QueueDoesNotExist"
    s3.put_object(Bucket="shop", Key="once", Body=b"1")
    with pytest.raises(s3.exceptions.ClientError, match="TagKey cannot be prefixed with aws:"):
        s3.put_object(Bucket="shop", Key="tagged", Body=b"1", Tagging="aws:foo=bar")
    with pytest.raises(s3.exceptions.ClientError, match="Request Body is empty") as empty:
        s3.put_object_lock_configuration(Bucket="shop")
    assert empty.value.response["Error"]["Code"] == "MissingRequestBodyError"
    with pytest.raises(s3.exceptions.ClientError) as missing:
        s3.copy_object(Bucket="shop", Key="new", CopySource="shop/old b")
    assert missing.value.response["Error"]["Key"] == "old b"
    assert s3.get_object(Bucket="shop", Key="once", Range="bytes=1-0")["Body"].read() == b"1"
    s3.put_object(Bucket="shop", Key="tagged", Body=b"1", Tagging="foo=aws:bar")
    with pytest.raises(s3.exceptions.ClientError) as failed:
        s3.put_object(Bucket="shop", Key="once", Body=b"2", IfNoneMatch="*")
    assert failed.value.response["Error"]["Condition"] == "If-None-Match"
    assert failed.value.response["Error"]["Message"] == (
        "At least one of the pre-conditions you specified did not hold"
    )


@pytest.mark.parametrize(
    ("operation", "name", "value", "sent"),
    [
        ("PutObject", "x-amz-object-lock-retain-until-date", "2026-01-02T03:04:05Z",
         "2026-01-02T03:04:05.000Z"),
        ("PutObject", "x-amz-object-lock-retain-until-date", "2026-01-02T03:04:05.6Z",
         "2026-01-02T03:04:05.6Z"),
        ("HeadObject", "range", "bytes=10-9", None),
        ("GetObject", "range", "bytes=9-10", "bytes=9-10"),
        ("GetObject", "range", "bytes=-1", "bytes=-1"),
    ],
)  # fmt: skip
def test_what_the_store_is_asked(operation: str, name: str, value: str, sent: str | None) -> None:
    call = Call("s3", operation, "rest-xml")
    asked = s3_dialect.asked(call, Request("GET", "/shop/a", "", ((name, value),)))
    assert asked.header.get(name) == sent
