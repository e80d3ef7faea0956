"""MiniStack killed, frozen, its disk full: acknowledged changes survive, and calls continue."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.bonkei.services.endpoint.rigs import REGION, Rig

BACK = 60.0
"""Seconds in which all is as before: below 2 where nothing else runs, which is not so for tests."""


def backing(rig: Rig) -> psutil.Process:
    pid = rig.cloud.store.pid
    assert pid is not None
    return psutil.Process(pid)


@pytest.fixture
def own_rig(start: Callable[..., Rig], tmp_path: Path) -> Rig:
    """For a test that damages its folder, or compares all that is there."""
    return start(tmp_path)


def test_it_comes_back_after_the_machine_has_refused_its_start(
    own_rig: Rig, tmp_path: Path
) -> None:
    own_rig.client("s3").put_object(Bucket="shop", Key="a", Body=b"kept")
    left = tmp_path / "ministack-18000.pid"  # of an earlier version that was killed
    left.write_text("1")
    log = tmp_path / "ministack.log"
    log.unlink()
    log.mkdir()  # as little can be opened as with a full disk, or without a descriptor
    backing(own_rig).kill()
    deadline = time.monotonic() + BACK
    while not any("Is a directory" in said for said in own_rig.reports):
        assert time.monotonic() < deadline, own_rig.reports
        time.sleep(0.01)
    log.rmdir()
    assert own_rig.client("s3").get_object(Bucket="shop", Key="a")["Body"].read() == b"kept"
    assert not left.exists()


def test_acknowledged_changes_survive_sigkill(own_rig: Rig) -> None:
    """Killed while four clients write as fast as they can, without a pause."""
    kept: dict[str, list[str]] = {"s3": [], "dynamodb": [], "sqs": [], "ssm": []}
    s3, dynamodb, ssm = own_rig.client("s3"), own_rig.client("dynamodb"), own_rig.client("ssm")
    sqs = own_rig.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    writes: dict[str, Callable[[str], Any]] = {
        "s3": lambda name: s3.put_object(Bucket="shop", Key=name, Body=name.encode()),
        "dynamodb": lambda name: dynamodb.put_item(TableName="carts", Item={"id": {"S": name}}),
        "sqs": lambda name: sqs.send_message(QueueUrl=url, MessageBody=name),
        "ssm": lambda name: ssm.put_parameter(Name=f"/kept/{name}", Value=name, Type="String"),
    }
    stopped = threading.Event()

    def write(service: str) -> None:
        for number in itertools.count():
            if stopped.is_set():
                return
            try:
                writes[service](f"{service}-{number}")
            except (ClientError, BotoCoreError):
                return  # of the kill
            kept[service].append(f"{service}-{number}")

    with ThreadPoolExecutor(4) as pool:
        for service in writes:
            pool.submit(write, service)
        deadline = time.monotonic() + 60
        while min(map(len, kept.values())) < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        backing(own_rig).kill()
        began = time.monotonic()
        stopped.set()
    assert min(map(len, kept.values())) >= 20, kept
    own_rig.client("s3").list_buckets()
    assert time.monotonic() - began < BACK

    for name in kept["s3"]:
        assert s3.get_object(Bucket="shop", Key=name)["Body"].read() == name.encode()
    pages = dynamodb.get_paginator("scan").paginate(TableName="carts")
    items = {item["id"]["S"] for page in pages for item in page["Items"]}
    assert items >= set(kept["dynamodb"])
    parameters = ssm.get_paginator("describe_parameters").paginate()
    names = {each["Name"] for page in parameters for each in page["Parameters"]}
    assert names >= {f"/kept/{name}" for name in kept["ssm"]}
    bodies = set(receive_all(sqs, url))
    assert bodies >= set(kept["sqs"])


def receive_all(sqs: Any, url: str) -> list[str]:
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60
    ).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


def test_deletions_and_settings_survive(own_rig: Rig) -> None:
    dynamodb, sqs, s3, kms = (own_rig.client(name) for name in ("dynamodb", "sqs", "s3", "kms"))
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    made = sqs.create_queue(QueueName="made", Attributes={"DelaySeconds": "3"})["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        dynamodb.put_item(TableName="carts", Item={"id": {"S": str(number)}, "n": {"N": "1"}})
    [first] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    dynamodb.delete_item(TableName="carts", Key={"id": {"S": "0"}})
    dynamodb.update_item(
        TableName="carts", Key={"id": {"S": "1"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )  # fmt: skip
    dynamodb.update_time_to_live(
        TableName="carts", TimeToLiveSpecification={"Enabled": True, "AttributeName": "end"}
    )
    here = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration=here)
    s3.put_bucket_versioning(Bucket="mine", VersioningConfiguration={"Status": "Enabled"})
    secret = kms.encrypt(KeyId="alias/shop", Plaintext=b"hello")["CiphertextBlob"]
    s3.delete_bucket(Bucket="mine")
    s3.create_bucket(Bucket="other", CreateBucketConfiguration=here)
    for _ in range(2):  # the second time from a snapshot
        backing(own_rig).kill()
        assert sorted(receive_all(sqs, url)) == [
            name for name in ("0", "1", "2") if name != first["Body"]
        ]
        items = dynamodb.scan(TableName="carts")["Items"]
        assert {item["id"]["S"]: item["n"]["N"] for item in items} == {"1": "2", "2": "1"}
        ttl = dynamodb.describe_time_to_live(TableName="carts")["TimeToLiveDescription"]
        assert ttl["AttributeName"] == "end"
        found = sqs.get_queue_attributes(QueueUrl=made, AttributeNames=["DelaySeconds"])
        assert found["Attributes"] == {"DelaySeconds": "3"}
        assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["other", "shop"]
        assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"hello"


def test_a_frozen_store_is_restarted(rig: Rig) -> None:
    rig.client("sqs").list_queues()
    process = backing(rig)
    process.suspend()
    began = time.monotonic()
    assert rig.client("sqs", read_timeout=60).list_queues()["QueueUrls"]  # retried once
    assert time.monotonic() - began < BACK
    assert not process.is_running()
    assert any("is frozen" in report for report in rig.reports)


def test_a_full_disk_refuses_and_loses_nothing(own_rig: Rig) -> None:
    s3, sqs, dynamodb = own_rig.client("s3"), own_rig.client("sqs"), own_rig.client("dynamodb")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    s3.put_object(Bucket="shop", Key="kept", Body=b"before")
    s3.put_object(Bucket="shop", Key="large", Body=b"1" * 2_000_000)
    process = backing(own_rig)
    unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    for call in (
        lambda: s3.put_object(Bucket="shop", Key="kept", Body=b"after"),
        lambda: s3.put_object(Bucket="shop", Key="large", Body=b"2" * 2_000_000),
        lambda: s3.put_object(Bucket="shop", Key="new", Body=b"new"),
        lambda: dynamodb.put_item(TableName="carts", Item={"id": {"S": "refused"}}),
        lambda: sqs.send_message(QueueUrl=url, MessageBody="refused"),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        code = caught.value.response["Error"]["Code"]
        assert code in ("InternalError", "InternalServerError"), caught.value.operation_name
    assert s3.get_object(Bucket="shop", Key="kept")["Body"].read() == b"before"
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
    sqs.send_message(QueueUrl=url, MessageBody="taken")
    process.kill()
    assert "taken" in receive_all(sqs, url)
    assert s3.get_object(Bucket="shop", Key="kept")["Body"].read() == b"before"
    assert s3.get_object(Bucket="shop", Key="large")["Body"].read() == b"1" * 2_000_000
    listed = s3.list_objects_v2(Bucket="shop")["Contents"]
    assert [each["Key"] for each in listed] == ["kept", "large"]


def test_a_large_object_is_never_in_memory(rig: Rig) -> None:
    """Sent, completed from parts, read, read in part, copied: 48 MB and more."""
    s3 = rig.client("s3")
    process, size = backing(rig), 48 * 2**20
    before = process.memory_info().rss
    block = os.urandom(2**20)
    body = block * 48
    etag = s3.put_object(Bucket="shop", Key="one", Body=body)["ETag"]
    upload = s3.create_multipart_upload(Bucket="shop", Key="parts")["UploadId"]
    parts = [
        s3.upload_part(Bucket="shop", Key="parts", UploadId=upload, PartNumber=number, Body=body)
        for number in (1, 2)
    ]
    s3.complete_multipart_upload(
        Bucket="shop", Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [
            {"PartNumber": number, "ETag": part["ETag"]} for number, part in enumerate(parts, 1)
        ]},
    )  # fmt: skip
    assert s3.head_object(Bucket="shop", Key="one")["ETag"] == etag
    assert s3.get_object(Bucket="shop", Key="one")["Body"].read() == body
    part = s3.get_object(Bucket="shop", Key="parts", Range=f"bytes={size - 3}-{2 * size - 4}")
    assert part["Body"].read() == body[-3:] + body[:-3]
    copied = s3.create_multipart_upload(Bucket="shop", Key="copied")["UploadId"]
    etag = s3.upload_part_copy(
        Bucket="shop", Key="copied", UploadId=copied, PartNumber=1, CopySource="shop/one",
        CopySourceRange=f"bytes=5-{size - 1}",
    )["CopyPartResult"]["ETag"]  # fmt: skip
    s3.complete_multipart_upload(
        Bucket="shop", Key="copied", UploadId=copied,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
    )  # fmt: skip
    assert s3.get_object(Bucket="shop", Key="copied")["Body"].read() == body[5:]
    s3.copy_object(Bucket="shop", Key="twin", CopySource="shop/one")
    assert s3.get_object(Bucket="shop", Key="twin")["Body"].read() == body
    assert process.memory_info().rss - before < 32 * 2**20
    assert not list((rig.cloud.settings.directory / "incoming").iterdir())


def test_a_snapshot_replaces_the_journal(rig: Rig) -> None:
    journal = rig.cloud.settings.directory / "state" / "journal.jsonl"
    dynamodb = rig.client("dynamodb")
    dynamodb.put_item(TableName="carts", Item={"id": {"S": "kept"}})
    assert journal.stat().st_size
    backing(rig).send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 60
    while journal.stat().st_size:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with journal.open("ab") as file:
        file.write(b'[99, "item", "torn')  # as after a power failure
    backing(rig).kill()
    item = dynamodb.get_item(TableName="carts", Key={"id": {"S": "kept"}})
    assert item["Item"] == {"id": {"S": "kept"}}


def test_aborted_downloads_leave_nothing_in_memory(rig: Rig) -> None:
    s3, process = rig.client("s3"), backing(rig)
    s3.put_object(Bucket="shop", Key="long", Body=b"x" * 16_000_000)
    before = process.memory_info().rss
    for _ in range(12):
        body = s3.get_object(Bucket="shop", Key="long")["Body"]
        body.read(1_000)
        body.close()
        s3.close()  # closes the connection with unread bytes
        s3 = rig.client("s3")
    deadline = time.monotonic() + 60  # it notices a little later that they have gone
    while (held := process.memory_info().rss - before) >= 48 * 2**20:
        assert time.monotonic() < deadline, held
        time.sleep(0.05)


def test_asymmetric_keys_sign_and_survive(rig: Rig) -> None:
    kms = rig.client("kms")
    algorithms = {"RSA_2048": "RSASSA_PSS_SHA_256", "ECC_NIST_P256": "ECDSA_SHA_256"}
    signed = []
    for spec, algorithm in algorithms.items():
        made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
        used = {"KeyId": made["KeyMetadata"]["KeyId"], "SigningAlgorithm": algorithm}
        signed.append({**used, "Signature": kms.sign(**used, Message=b"true")["Signature"]})
    made = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    secret = {"KeyId": made["KeyMetadata"]["KeyId"], "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    sealed = kms.encrypt(**secret, Plaintext=b"hello")["CiphertextBlob"]
    backing(rig).kill()
    for each in signed:
        assert kms.verify(**each, Message=b"true")["SignatureValid"]
        with pytest.raises(ClientError, match="KMSInvalidSignature"):
            kms.verify(**each, Message=b"false")
    assert kms.decrypt(**secret, CiphertextBlob=sealed)["Plaintext"] == b"hello"
