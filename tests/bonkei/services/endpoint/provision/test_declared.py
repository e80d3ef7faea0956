"""From a state to the resources for programs: all declared resources, in a real MiniStack."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.blueprint import Blueprint, read
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.services.lambda_.outcome import Outcome
from bonkei.services.lambda_.sources.stream import StreamPoller
from tests.bonkei.blueprint.conftest import make_state
from tests.bonkei.services.endpoint.rigs import ACCOUNT, REGION, Rig, arn

QUEUE, DEAD = arn("sqs", "orders"), arn("sqs", "dead")
KEY = "11111111-2222-4333-8444-555555555555"
STREAM = arn("dynamodb", "table/carts/stream/2026-01-02T03:04:05.678")
TAGS = {"team": "shop"}


def policy(resource: str, service: str, action: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action,
                 "Resource": resource}  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"},
            *json.loads(policy("*", "logs.amazonaws.com", "kms:Decrypt"))["Statement"],
            *json.loads(policy("*", "s3.amazonaws.com", "kms:*"))["Statement"],
        ],
    }
)


def queue(name: str, **more: Any) -> dict[str, Any]:
    return {"arn": arn("sqs", name), "name": name, "url": f"https://sqs/{name}", "id": name, **more}


BUCKET: dict[str, dict[str, Any]] = {
    "aws_s3_bucket.shop": {
        "arn": "arn:aws:s3:::shop", "bucket": "shop", "tags_all": TAGS, "object_lock_enabled": True,
        "force_destroy": True,
    },
    "aws_s3_bucket_versioning.shop": {
        "bucket": "shop", "versioning_configuration": [{"status": "Enabled"}],
    },
    "aws_s3_bucket_server_side_encryption_configuration.shop": {
        "bucket": "shop",
        "rule": [{
            "bucket_key_enabled": True,
            "apply_server_side_encryption_by_default": [
                {"sse_algorithm": "aws:kms", "kms_master_key_id": arn("kms", f"key/{KEY}")}
            ],
        }],
    },
    "aws_s3_bucket_lifecycle_configuration.shop": {
        "bucket": "shop",
        "rule": [
            {"id": "old", "status": "Enabled", "filter": [{"prefix": "logs/"}],
             "expiration": [{"days": 30, "expired_object_delete_marker": False}],
             "transition": [{"days": 7, "storage_class": "STANDARD_IA"}],
             "noncurrent_version_expiration": [{"noncurrent_days": 3}]},
            {"id": "parts", "status": "Disabled",
             "filter": [{"and": [{"prefix": "a", "tags": {"b": "c"}}]}],
             "abort_incomplete_multipart_upload": [{"days_after_initiation": 2}]},
        ],
    },
    "aws_s3_bucket_cors_configuration.shop": {
        "bucket": "shop",
        "cors_rule": [{"allowed_methods": ["GET", "PUT"], "allowed_origins": ["https://a.example"],
                       "allowed_headers": ["*"], "max_age_seconds": 60}],
    },
    "aws_s3_bucket_public_access_block.shop": {
        "bucket": "shop", "block_public_acls": True, "block_public_policy": True,
        "ignore_public_acls": True, "restrict_public_buckets": False,
    },
    "aws_s3_bucket_ownership_controls.shop": {
        "bucket": "shop", "rule": [{"object_ownership": "BucketOwnerEnforced"}],
    },
    "aws_s3_bucket_object_lock_configuration.shop": {
        "bucket": "shop", "rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 1}]}],
    },
    "aws_s3_bucket_policy.shop": {
        "bucket": "shop",
        "policy": policy("arn:aws:s3:::shop/*", "delivery.logs.amazonaws.com", "s3:PutObject"),
    },
    "aws_s3_bucket_logging.shop": {
        "bucket": "shop", "target_bucket": "shop", "target_prefix": "access/",
    },
    "aws_s3_bucket_website_configuration.shop": {
        "bucket": "shop", "index_document": [{"suffix": "index.html"}],
        "routing_rule": [{"condition": [{"key_prefix_equals": "a/"}],
                          "redirect": [{"replace_key_prefix_with": "b/"}]}],
    },
    "aws_s3_bucket_notification.shop": {
        "bucket": "shop",
        "queue": [{"id": "in", "queue_arn": QUEUE, "events": ["s3:ObjectCreated:*"],
                   "filter_prefix": "in/"}],
    },
}  # fmt: skip
OBJECTS: dict[str, dict[str, Any]] = {
    "aws_s3_object.text": {
        "bucket": "shop", "key": "text ü.txt", "content": "hello", "content_type": "text/plain",
        "metadata": {"by": "us"}, "tags_all": TAGS, "cache_control": "no-cache",
    },
    "aws_s3_object.binary": {
        "bucket": "shop", "key": "a/b", "content_base64": base64.b64encode(b"\x00\xff").decode(),
    },
    "aws_s3_object.file": {"bucket": "shop", "key": "file", "source": "./files/page"},
}  # fmt: skip
QUEUES: dict[str, dict[str, Any]] = {
    "aws_sqs_queue.dead": queue("dead"),
    "aws_sqs_queue.orders": queue(
        "orders", visibility_timeout_seconds=7, tags_all=TAGS, kms_master_key_id="alias/shop",
        redrive_policy=json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 3}),
    ),
    "aws_sqs_queue_policy.orders": {
        "queue_url": "https://sqs/orders",
        "policy": policy(QUEUE, "s3.amazonaws.com", "sqs:SendMessage"),
    },
}  # fmt: skip
REST: dict[str, dict[str, Any]] = {
    "aws_kms_key.shop": {
        "arn": arn("kms", f"key/{KEY}"), "key_id": KEY, "id": KEY, "enable_key_rotation": True,
        "description": "of the shop", "tags_all": TAGS, "deletion_window_in_days": 7,
        "policy": KEY_POLICY,
    },
    "aws_kms_alias.shop": {"name": "alias/shop", "target_key_id": KEY},
    "aws_dynamodb_table.carts": {
        "arn": arn("dynamodb", "table/carts"), "name": "carts", "billing_mode": "PAY_PER_REQUEST",
        "hash_key": "id", "attribute": [{"name": "id", "type": "S"}, {"name": "at", "type": "N"}],
        "global_secondary_index": [{"name": "by_at", "hash_key": "at", "projection_type": "ALL"}],
        "stream_enabled": True, "stream_view_type": "NEW_IMAGE", "stream_arn": STREAM,
        "ttl": [{"enabled": True, "attribute_name": "ends"}], "tags_all": TAGS,
        "point_in_time_recovery": [{"enabled": True}],
    },
    "aws_ssm_parameter.a": {
        "arn": arn("ssm", "parameter/shop/a"), "name": "/shop/a", "type": "SecureString",
        "value": "one", "key_id": "alias/shop", "tags_all": TAGS, "tier": "Standard",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def declared(start: Callable[..., Rig], tmp_path_factory: pytest.TempPathFactory) -> Rig:
    directory = tmp_path_factory.mktemp("declared")
    (directory / "files").mkdir()
    (directory / "files" / "page").write_text("from a file")
    return start(directory, blueprint_of(BUCKET, OBJECTS, QUEUES, REST))


def blueprint_of(*parts: dict[str, dict[str, Any]]) -> Blueprint:
    return read(make_state({name: values for part in parts for name, values in part.items()}))


def test_a_second_provision_is_not_refused(declared: Rig) -> None:
    assert declared.cloud.snapshot().notes == ()
    sqs = declared.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Event"] == "s3:TestEvent"  # S3 does so too, and only once
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    declared.do(declared.cloud.apply(blueprint_of(BUCKET, OBJECTS, QUEUES, REST)))
    assert declared.cloud.snapshot().notes == ()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_bucket_is_as_declared(declared: Rig) -> None:
    s3, bucket = declared.client("s3"), {"Bucket": "shop"}
    assert s3.get_bucket_location(**bucket)["LocationConstraint"] == REGION
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(**bucket)["TagSet"] == [{"Key": "team", "Value": "shop"}]
    [rule] = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(KEY)
    assert rule["BucketKeyEnabled"] is True
    [old, parts] = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    assert (old["Expiration"], old["Filter"]) == ({"Days": 30}, {"Prefix": "logs/"})
    assert old["Transitions"] == [{"Days": 7, "StorageClass": "STANDARD_IA"}]
    assert parts["Filter"]["And"]["Tags"] == [{"Key": "b", "Value": "c"}]
    assert parts["Status"] == "Disabled"
    [cors] = s3.get_bucket_cors(**bucket)["CORSRules"]
    assert (cors["AllowedMethods"], cors["MaxAgeSeconds"]) == (["GET", "PUT"], 60)
    blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert [name for name, value in blocked.items() if not value] == ["RestrictPublicBuckets"]
    [ownership] = s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    lock = s3.get_object_lock_configuration(**bucket)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 1}
    assert "delivery.logs" in s3.get_bucket_policy(**bucket)["Policy"]
    assert s3.get_bucket_logging(**bucket)["LoggingEnabled"]["TargetPrefix"] == "access/"
    website = s3.get_bucket_website(**bucket)
    assert website["IndexDocument"] == {"Suffix": "index.html"}
    moved = {"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyPrefixWith": "b/"}}
    assert website["RoutingRules"] == [moved]


def test_objects_are_there_with_their_headers(declared: Rig) -> None:
    s3 = declared.client("s3")
    found = s3.get_object(Bucket="shop", Key="text ü.txt")
    assert found["Body"].read() == b"hello"
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"by": "us"})
    assert found["CacheControl"] == "no-cache"
    assert s3.get_object_tagging(Bucket="shop", Key="text ü.txt")["TagSet"][0]["Key"] == "team"
    assert s3.get_object(Bucket="shop", Key="a/b")["Body"].read() == b"\x00\xff"
    assert s3.get_object(Bucket="shop", Key="file")["Body"].read() == b"from a file"


def test_a_bucket_notifies_its_queue(declared: Rig) -> None:
    sqs = declared.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    declared.client("s3").put_object(Bucket="shop", Key="in/new", Body=b"x")
    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60  # the event follows the answer
    while not messages:
        assert time.monotonic() < deadline
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])
    [message] = messages
    assert json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"] == "in/new"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_queues_are_as_declared(declared: Rig) -> None:
    sqs = declared.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["QueueArn"], found["VisibilityTimeout"]) == (QUEUE, "7")
    assert json.loads(found["RedrivePolicy"])["deadLetterTargetArn"] == DEAD
    assert (found["KmsMasterKeyId"], "s3.amazonaws.com" in found["Policy"]) == ("alias/shop", True)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == TAGS


def test_a_table_is_as_declared(declared: Rig) -> None:
    dynamodb = declared.client("dynamodb")
    table = dynamodb.describe_table(TableName="carts")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by_at"]
    assert table["LatestStreamArn"] == STREAM
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    ttl = dynamodb.describe_time_to_live(TableName="carts")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ends")
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    backups = dynamodb.describe_continuous_backups(TableName="carts")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    dynamodb.put_item(TableName="carts", Item={"id": {"S": "1"}, "at": {"N": "2"}})
    streams = declared.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=STREAM)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    [record] = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["NewImage"]["id"] == {"S": "1"}


def test_a_function_reads_a_stream_and_continues_at_its_position(
    declared: Rig, tmp_path: Path
) -> None:
    """The poller on the real store: it calls as a role, and continues from its position on disk."""
    called: list[str] = []

    async def invoke(_arn: str, payload: bytes) -> Outcome:
        records = json.loads(payload)["Records"]
        called.extend(f"{one['eventName']} {one['dynamodb']['Keys']['id']['S']}" for one in records)
        return Outcome("success", b"null")

    async def send(*_: Any) -> None:
        raise AssertionError("nothing is given up")

    source = EventSource("s", "u", "f", STREAM, starting_position="TRIM_HORIZON")

    async def read_until(name: str) -> None:
        poller = StreamPoller(
            source, "", declared.cloud.aws, invoke, send, print, tmp_path / "position", pace=20.0
        )
        poller.start()
        async with asyncio.timeout(60):
            while name not in called:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        await poller.stop()

    dynamodb = declared.client("dynamodb")
    dynamodb.put_item(TableName="carts", Item={"id": {"S": "read-1"}, "at": {"N": "1"}})
    declared.do(read_until("INSERT read-1"))
    dynamodb.delete_item(TableName="carts", Key={"id": {"S": "read-1"}})
    declared.do(read_until("REMOVE read-1"))
    assert called.count("INSERT read-1") == called.count("REMOVE read-1") == 1


def test_keys_and_parameters_are_as_declared(declared: Rig) -> None:
    kms, ssm = declared.client("kms"), declared.client("ssm")
    key = kms.describe_key(KeyId="alias/shop")["KeyMetadata"]
    assert (key["KeyId"], key["Description"], key["Enabled"]) == (KEY, "of the shop", True)
    assert kms.get_key_rotation_status(KeyId=KEY)["KeyRotationEnabled"] is True
    assert "logs.amazonaws.com" in kms.get_key_policy(KeyId=KEY, PolicyName="default")["Policy"]
    assert kms.list_resource_tags(KeyId=KEY)["Tags"] == [{"TagKey": "team", "TagValue": "shop"}]
    assert ssm.get_parameter(Name="/shop/a", WithDecryption=True)["Parameter"]["Value"] == "one"
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/shop/a")["TagList"]


def test_changed_settings_change_and_data_stays(start: Callable[..., Rig], tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "page").write_text("from a file")
    rig = start(tmp_path, blueprint_of(BUCKET, OBJECTS, QUEUES, REST))
    dynamodb, s3, sqs = rig.client("dynamodb"), rig.client("s3"), rig.client("sqs")
    kms = rig.client("kms")
    dynamodb.put_item(TableName="carts", Item={"id": {"S": "1"}, "at": {"N": "2"}})
    s3.put_object(Bucket="shop", Key="text ü.txt", Body=b"mine")
    without = ("lifecycle", "cors", "policy", "notification", "website")
    bucket = {name: each for name, each in BUCKET.items() if not any(w in name for w in without)}
    kept = {"delay_seconds": 3}
    plain = kept | {name: value for name, value in QUEUES["aws_sqs_queue.orders"].items()
             if name not in ("redrive_policy", "tags_all", "visibility_timeout_seconds",
                             "kms_master_key_id")}  # fmt: skip
    table = {
        **REST["aws_dynamodb_table.carts"],
        "attribute": [{"name": "id", "type": "S"}, {"name": "to", "type": "S"}],
        "global_secondary_index": [{"name": "by_to", "hash_key": "to", "projection_type": "ALL"}],
        "ttl": [],
        "tags_all": {"other": "tag"},
    }
    rest = {**REST, "aws_dynamodb_table.carts": table}
    rig.do(rig.cloud.apply(blueprint_of(
        bucket, OBJECTS, {"aws_sqs_queue.orders": plain}, rest)))  # fmt: skip
    assert rig.cloud.snapshot().notes == ()

    for name in ("lifecycle_configuration", "cors", "policy", "website"):
        with pytest.raises(ClientError, match="NoSuch"):
            getattr(s3, f"get_bucket_{name}")(Bucket="shop")
    assert s3.get_object(Bucket="shop", Key="text ü.txt")["Body"].read() == b"mine"
    [url] = sqs.list_queues()["QueueUrls"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert not {"RedrivePolicy", "KmsMasterKeyId"} & set(found)
    assert found["VisibilityTimeout"] == "30"
    assert "Policy" not in found
    assert not sqs.list_queue_tags(QueueUrl=url).get("Tags")
    changed = dynamodb.describe_table(TableName="carts")["Table"]
    assert [index["IndexName"] for index in changed["GlobalSecondaryIndexes"]] == ["by_to"]
    ttl = dynamodb.describe_time_to_live(TableName="carts")["TimeToLiveDescription"]
    assert ttl["TimeToLiveStatus"] == "DISABLED"
    tags = dynamodb.list_tags_of_resource(ResourceArn=changed["TableArn"])["Tags"]
    assert tags == [{"Key": "other", "Value": "tag"}]
    assert dynamodb.get_item(TableName="carts", Key={"id": {"S": "1"}})["Item"]["at"] == {"N": "2"}

    for key in ("a\x01b", "a\rb", "a&é <c"):
        s3.put_object(Bucket="shop", Key=key, Body=b"1")
    rig.do(rig.cloud.apply(Blueprint()))
    assert rig.cloud.snapshot().notes == ()
    assert s3.list_buckets()["Buckets"] == []  # `force_destroy` emptied it
    assert dynamodb.list_tables()["TableNames"] == []
    metadata = kms.describe_key(KeyId=KEY)["KeyMetadata"]
    assert metadata["KeyState"] == "PendingDeletion"
    assert ACCOUNT in metadata["Arn"]
    rig.do(rig.cloud.apply(blueprint_of(REST)))
    assert kms.describe_key(KeyId=KEY)["KeyMetadata"]["KeyState"] == "Enabled"
