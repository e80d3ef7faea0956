"""Real clients and a real MiniStack: declared resources exist, and callers are identified."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import over_http
import pytest
from botocore.exceptions import ClientError

from tests.bonkei.services.endpoint.rigs import (
    ACCOUNT,
    DECLARED,
    KEY_ID,
    REGION,
    ROLE,
    SECRET,
    Rig,
    arn,
)


def code_of(call: Any, *arguments: Any, **options: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


# --- Declared resources --------------------------------------------------------------------------


def test_buckets_exist_as_declared(rig: Rig) -> None:
    s3 = rig.client("s3")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["shop"]
    assert s3.get_bucket_versioning(Bucket="shop")["Status"] == "Enabled"
    assert s3.get_bucket_location(Bucket="shop")["LocationConstraint"] == REGION


def test_queues_exist_as_declared(rig: Rig) -> None:
    sqs = rig.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    assert url == f"{rig.url}/{ACCOUNT}/orders"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "7"
    assert attributes["QueueArn"] == arn("sqs", "orders")
    # The definitions have AWS's own address. The address that programs get works as well.
    declared = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"
    sqs.send_message(QueueUrl=declared, MessageBody="one")
    [message] = sqs.receive_message(QueueUrl=declared, WaitTimeSeconds=1)["Messages"]
    assert message["Body"] == "one"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_queue_reports_the_age_of_its_oldest_message(rig: Rig) -> None:
    """ApproximateAgeOfOldestMessage: "the approximate age of the oldest non-deleted message"."""
    sqs = rig.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    name = "bonkei:AgeOfOldestMessage"

    def age() -> int:
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    assert age() == 0
    sqs.send_message(QueueUrl=url, MessageBody="old")
    time.sleep(1.1)
    sqs.send_message(QueueUrl=url, MessageBody="new")
    assert age() >= 1
    assert name not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    for _ in range(2):
        [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert age() == 0


def test_tables_and_parameters_exist(rig: Rig) -> None:
    dynamodb, ssm = rig.client("dynamodb"), rig.client("ssm")
    assert dynamodb.describe_table(TableName="carts")["Table"]["TableArn"] == (
        arn("dynamodb", "table/carts")
    )
    dynamodb.put_item(TableName="carts", Item={"id": {"S": "1"}})
    assert dynamodb.get_item(TableName="carts", Key={"id": {"S": "1"}})["Item"] == {
        "id": {"S": "1"}
    }
    assert ssm.get_parameter(Name="/shop/a")["Parameter"]["Value"] == "one"


def test_a_key_has_the_id_in_the_definitions(rig: Rig) -> None:
    kms = rig.client("kms")
    sealed = kms.encrypt(KeyId="alias/shop", Plaintext=b"secret")
    assert sealed["KeyId"] == arn("kms", f"key/{KEY_ID}")
    assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"] == b"secret"


def test_secrets_come_from_the_vault(rig: Rig) -> None:
    secrets = rig.client("secretsmanager")
    for name in ("shop/key", SECRET, SECRET[:-7]):
        value = secrets.get_secret_value(SecretId=name)
        assert json.loads(value["SecretString"]) == {"password": "hunter22"}
        assert value["ARN"] == SECRET
    before = value["VersionId"]
    secrets.put_secret_value(SecretId="shop/key", SecretString="changed")
    assert rig.vault.get(SECRET) == "changed"
    assert secrets.get_secret_value(SecretId="shop/key")["VersionId"] != before
    assert code_of(secrets.get_secret_value, SecretId="other") == ("ResourceNotFoundException", 400)
    assert code_of(secrets.create_secret, Name="new")[0] == "UnknownOperationException"
    rig.vault.put(SECRET, '{"password": "hunter22"}')


def test_a_parameter_that_a_call_writes_is_what_new_tasks_read(rig: Rig) -> None:
    """Also one that the definitions only look up, with its path or without."""
    ssm = rig.client("ssm")
    for name in ("/shop/sentry", "plain"):
        place = arn("ssm", f"parameter/{name.removeprefix('/')}")
        ssm.put_parameter(Name=name, Value="https://one", Type="SecureString")
        assert rig.vault.get(place) == "https://one"
        assert code_of(ssm.put_parameter, Name=name, Value="two", Type="String") == (
            "ParameterAlreadyExists", 400
        )  # fmt: skip
        assert rig.vault.get(place) == "https://one"
        ssm.put_parameter(Name=name, Value="two", Type="SecureString", Overwrite=True)
        assert rig.vault.get(place) == "two"
    ssm.delete_parameter(Name="plain")
    ssm.delete_parameters(Names=["/shop/sentry", "/never"])
    assert rig.vault.get(arn("ssm", "parameter/plain")) is None
    assert rig.vault.get(arn("ssm", "parameter/shop/sentry")) is None


# --- Objects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_objects_with_every_kind_of_name(rig: Rig, style: str) -> None:
    s3 = rig.client("s3", s3={"addressing_style": style})
    for key in ("plain", "a b/c+d&e", "日本", "x" * 1024):
        s3.put_object(Bucket="shop", Key=key, Body=key.encode())
        assert s3.get_object(Bucket="shop", Key=key)["Body"].read() == key.encode()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(rig: Rig, version: str) -> None:
    s3 = rig.client("s3", signature_version=version)
    put = s3.generate_presigned_url("put_object", {"Bucket": "shop", "Key": "signed"})
    assert httpx.put(put, content=b"body", timeout=60).status_code == 200
    got = s3.generate_presigned_url("get_object", {"Bucket": "shop", "Key": "signed"})
    with urllib.request.urlopen(got, timeout=60) as answer:  # noqa: S310
        assert answer.read() == b"body"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_upload_url_does_not_read_objects(rig: Rig, version: str) -> None:
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="private", Body=b"private")
    url = rig.client("s3", signature_version=version).generate_presigned_url(
        "put_object", {"Bucket": "shop", "Key": "mine"}
    )
    answer = httpx.put(url, headers={"x-amz-copy-source": "/shop/private"}, timeout=60)
    assert answer.status_code == 403
    if version == "s3v4":
        assert "<Code>AccessDenied</Code>" in answer.text
        assert "<HeadersNotSigned>x-amz-copy-source</HeadersNotSigned>" in answer.text
    assert code_of(s3.head_object, Bucket="shop", Key="mine") == ("404", 404)
    assert httpx.put(url, content=b"mine", timeout=60).status_code == 200
    s3.delete_objects(
        Bucket="shop", Delete={"Objects": [{"Key": "private"}, {"Key": "mine"}]}
    )  # fmt: skip


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_forms_of_browsers(rig: Rig, version: str) -> None:
    s3 = rig.client("s3", "task", signature_version=version)
    form = s3.generate_presigned_post(
        "shop", "form/${filename}", Conditions=[["content-length-range", 1, 9]]
    )

    def send(content: bytes, **changed: str) -> httpx.Response:
        fields = {**form["fields"], **changed}
        return over_http.post(
            form["url"], data=fields, files={"file": ("a.txt", content)}, timeout=60
        )

    assert (done := send(b"body")).status_code == 204, done.text
    found = rig.client("s3").get_object(Bucket="shop", Key="form/a.txt")
    assert found["Body"].read() == b"body"
    assert "EntityTooLarge" in send(b"x" * 10).text
    forged = base64.b64encode(b'{"expiration": "2999-01-01T00:00:00Z", "conditions": []}').decode()
    assert "SignatureDoesNotMatch" in send(b"body", policy=forged).text
    unsigned = over_http.post(
        form["url"], data={"key": "k"}, files={"file": ("a", b"b")}, timeout=60
    )
    assert unsigned.status_code == 403


def test_a_multipart_upload_is_complete(rig: Rig) -> None:
    body = os.urandom(17 * 2**20)
    s3 = rig.client("s3")
    s3.upload_fileobj(io.BytesIO(body), "shop", "big")
    assert s3.head_object(Bucket="shop", Key="big")["ETag"].endswith('-3"')
    assert s3.get_object(Bucket="shop", Key="big")["Body"].read() == body


def test_a_body_that_differs_from_the_signed_one_makes_no_object(rig: Rig) -> None:
    s3 = rig.client("s3", request_checksum_calculation="when_required")
    s3.meta.events.register("before-send.s3.PutObject", _other_body)
    assert code_of(s3.put_object, Bucket="shop", Key="forged", Body=b"signed")[0] == (
        "XAmzContentSHA256Mismatch"
    )
    assert code_of(rig.client("s3").head_object, Bucket="shop", Key="forged")[1] == 404


def _other_body(request: Any, **_: Any) -> None:
    request.body = b"forged"  # as long as the signed body


# --- Callers -------------------------------------------------------------------------------------


def test_every_caller_is_identified(rig: Rig) -> None:
    assert rig.client("sts").get_caller_identity()["Arn"] == (f"arn:aws:iam::{ACCOUNT}:user/bonkei")
    assert rig.client("sts", "task").get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/task/bonkei"
    )
    taken = rig.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    session = boto3.client(
        "sts", endpoint_url=rig.url, region_name=REGION,
        aws_access_key_id=taken["AccessKeyId"], aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )  # fmt: skip
    assert session.get_caller_identity()["Arn"].endswith(":assumed-role/task/me")
    # Credentials that a role gets by assuming a role are valid for an hour.
    longer = {"RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": 3_601}
    assert code_of(session.assume_role, **longer)[0] == "ValidationError"


def test_only_declared_roles_are_assumed(rig: Rig) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    sts = rig.client("sts")
    assert code_of(sts.assume_role, RoleArn=other, RoleSessionName="me") == ("AccessDenied", 403)
    wrong = {"RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": 100_000}
    assert code_of(sts.assume_role, **wrong)[0] == "ValidationError"


def test_a_task_gets_its_roles_credentials(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK finds them through the task's environment alone."""
    from bonkei.blueprint.ecs import TaskDefinition

    definition = TaskDefinition("t", arn("ecs", "t:1"), "t", 1, 256, 512, (), task_role_arn=ROLE)
    environment = rig.cloud.callers.task(definition.task_role_arn, "task-1")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    session = boto3.Session(region_name=REGION)
    assert session.client("sts").get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/task/task-1"
    )
    assert session.client("s3").list_buckets()["Buckets"]
    uri = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(uri, timeout=60)  # noqa: S310 - without the token


def test_a_task_without_a_role_has_no_identity(rig: Rig) -> None:
    from bonkei.blueprint.ecs import TaskDefinition

    definition = TaskDefinition("t", arn("ecs", "t:1"), "t", 1, 256, 512, ())
    assert sorted(rig.cloud.callers.task(definition.task_role_arn, "x")) == [
        "AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "key", "expected"),
    [
        ("s3", "list_buckets", {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"},
         ("InvalidAccessKeyId", 403)),
        ("s3", "list_buckets", {"aws_secret_access_key": "wrong"}, ("SignatureDoesNotMatch", 403)),
        ("sqs", "list_queues", {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"},
         ("UnrecognizedClientException", 400)),
        ("dynamodb", "list_tables", {"aws_secret_access_key": "wrong"},
         ("InvalidSignatureException", 400)),
        ("sts", "get_caller_identity", {"aws_session_token": "bm8="},
         ("InvalidClientTokenId", 403)),
    ],
)  # fmt: skip
def test_unknown_keys_get_the_answer_of_aws(
    rig: Rig, service: str, operation: str, key: dict[str, str], expected: tuple[str, int]
) -> None:
    environment = rig.cloud.callers.person("")
    keys = {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        **key,
    }
    client = boto3.client(service, endpoint_url=rig.url, region_name=REGION, **keys)
    assert code_of(getattr(client, operation)) == expected


@pytest.mark.parametrize("key", ["AKIAｱ", "日本"])
@pytest.mark.parametrize("encoding", ["shift-jis", "utf-8"])
def test_keys_in_strange_letters_are_unknown(rig: Rig, key: str, encoding: str) -> None:
    date = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    signed = (
        f"AWS4-HMAC-SHA256 Credential={key}/{date[:8]}/eu-west-1/s3/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature=ｱ"
    ).encode(encoding)
    headers = {b"authorization": signed, b"x-amz-date": date.encode()}
    answer = over_http.get(f"{rig.url}/shop", headers=headers, timeout=60)
    assert (answer.status_code, "InvalidAccessKeyId" in answer.text) == (403, True)


def test_unsigned_requests_get_nothing(rig: Rig) -> None:
    for method, path in (("GET", "/shop/plain"), ("GET", "/"), ("POST", "/"), ("PUT", "/shop/x")):
        request = urllib.request.Request(rig.url + path, method=method)  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
        assert caught.value.code == 403
        assert b"<Code>AccessDenied</Code>" in caught.value.read()


# --- Unanswered services -------------------------------------------------------------------------


def test_a_laptop_has_no_quotas(rig: Rig) -> None:
    quotas = rig.client("service-quotas")
    assert quotas.list_service_quotas(ServiceCode="fargate")["Quotas"] == []
    with pytest.raises(ClientError, match="no service fargat with quotas") as caught:
        quotas.list_service_quotas(ServiceCode="fargat")
    assert caught.value.response["Error"]["Code"] == "NoSuchResourceException"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("logs", "describe_log_groups", "UnknownOperationException"),
        ("lambda", "list_functions", "UnknownOperationException"),
        ("ec2", "describe_vpcs", "InvalidAction"),
        ("rds", "describe_db_clusters", "InvalidAction"),
        ("sts", "get_session_token", "InvalidAction"),
        ("cloudfront", "list_distributions", "InvalidAction"),
        ("route53", "list_hosted_zones", "InvalidAction"),
    ],
)
def test_an_unanswered_service_is_refused_by_name_and_at_once(
    rig: Rig, service: str, operation: str, code: str
) -> None:
    client = rig.client(service)
    code_of(getattr(client, operation))  # the connection, and botocore's own start
    took: list[float] = []
    while not took or (min(took) >= 0.05 and len(took) < 100):  # others use the machine, too
        began = time.perf_counter()
        with pytest.raises(ClientError, match=f"miniature does not answer {service}:") as caught:
            getattr(client, operation)()
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("service", "operation"), [("ec2", "describe_vpcs"), ("lambda", "list_functions")]
)
def test_terraforms_own_provider_hears_what_applies_the_definitions(
    rig: Rig, service: str, operation: str
) -> None:
    """https://github.com/hashicorp/aws-sdk-go-base: how the provider names itself."""
    client = rig.client(service)

    def from_terraform(request: Any, **_: Any) -> None:
        agent = "APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io)"
        request.headers["User-Agent"] = f"{agent} terraform-provider-aws/6.40.0"

    client.meta.events.register_first(f"request-created.{service}", from_terraform)
    with pytest.raises(ClientError, match=r"does not answer .*`bonkei apply`.*`bonkei reset`"):
        getattr(client, operation)()


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff" * 10, b"[" * 100_000])
def test_a_malformed_body_is_a_serialization_error(rig: Rig, body: bytes) -> None:
    client = rig.client("secretsmanager")

    def malformed(request: Any, **_: Any) -> None:
        request.data = body  # before it is signed

    client.meta.events.register_first("request-created.secretsmanager", malformed)
    assert code_of(client.list_secrets) == ("SerializationException", 400)


def test_any_bytes_end_in_an_answer_or_a_closed_connection(rig: Rig) -> None:
    port = int(rig.url.rpartition(":")[2])
    for junk in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"A" * 100_000,
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            # A long one is refused before all of it has come: the client may see a reset.
            with suppress(ConnectionError):
                connection.sendall(junk)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with suppress(ConnectionError):
                answer = connection.recv(65536)
        assert not answer.startswith(b"HTTP/1.1 200")
    assert rig.client("sts").get_caller_identity()


def test_each_call_is_recorded(rig: Rig) -> None:
    rig.client("sqs", "task").list_queues()
    file = rig.cloud.settings.directory / "calls.jsonl"
    deadline = time.monotonic() + 60  # the record follows the answer
    while b"ListQueues" not in (written := file.read_bytes()).splitlines()[-1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    last = json.loads(written.splitlines()[-1])
    assert (last["service"], last["operation"], last["role"], last["status"]) == (
        "sqs", "ListQueues", ROLE, 200,
    )  # fmt: skip


# --- Its end, and its return ---------------------------------------------------------------------


def test_changes_of_the_definitions_are_followed(start: Callable[..., Rig], tmp_path: Path) -> None:
    rig = start(tmp_path)
    rig.client("ssm").put_parameter(Name="/shop/a", Value="mine", Type="String", Overwrite=True)
    rig.client("s3").put_object(Bucket="shop", Key="kept", Body=b"x")
    rig.do(rig.cloud.apply(DECLARED))
    assert rig.client("ssm").get_parameter(Name="/shop/a")["Parameter"]["Value"] == "mine"
    changed = replace(
        DECLARED,
        buckets=(),
        tables=(),
        queues=(replace(DECLARED.queues[0], attributes={"VisibilityTimeout": "9"}),),
        parameters=(replace(DECLARED.parameters[0], value="from the definitions"),),
    )
    rig.do(rig.cloud.apply(changed))
    sqs = rig.client("sqs")
    [url] = sqs.list_queues()["QueueUrls"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "9"
    assert rig.client("dynamodb").list_tables()["TableNames"] == []
    parameter = rig.client("ssm").get_parameter(Name="/shop/a")["Parameter"]
    assert parameter["Value"] == "from the definitions"
    # S3 refuses to delete a bucket with objects, and so does Terraform on AWS.
    assert rig.client("s3").get_object(Bucket="shop", Key="kept")
    [note] = rig.cloud.snapshot().notes
    assert note.startswith("bucket shop stays: BucketNotEmpty")


def test_a_port_in_use_is_reported(rig: Rig, tmp_path: Path) -> None:
    from bonkei.services.endpoint.cloud import Cloud
    from bonkei.services.endpoint.errors import CloudError
    from bonkei.services.endpoint.settings import CloudSettings

    port = int(rig.url.rpartition(":")[2])
    settings = CloudSettings(tmp_path, ACCOUNT, port)

    async def nothing(_: Path) -> Path:
        raise AssertionError

    cloud = Cloud(settings, rig.vault, nothing, lambda: None, lambda _: None)
    with pytest.raises(CloudError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
        rig.do(cloud.start())
    assert "BONKEI_CLOUD_PORT" in caught.value.remedy
    rig.do(cloud.stop())
