"""A running rig: the endpoint with a real MiniStack, shared by the tests of a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.kms import Key
from bonkei.blueprint.s3 import Bucket, BucketSetting
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.storage import Parameter, Queue, Table
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.port.certificate import load_tls

ACCOUNT, REGION = "123456789012", "eu-west-1"
ENVIRONMENTS = Path(sys.prefix) / "environments"  # made once, not for each run
KEY_ID = "11111111-2222-4333-8444-555555555555"
T = TypeVar("T")


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop/task"
SECRET = arn("secretsmanager", "secret:shop/key-AbCdEf")
DECLARED = Blueprint(
    buckets=(
        Bucket("aws_s3_bucket.shop", "arn:aws:s3:::shop", "shop", settings=(
            BucketSetting("versioning", "VersioningConfiguration", {"Status": "Enabled"}),)),
    ),
    queues=(
        Queue("aws_sqs_queue.orders", arn("sqs", "orders"), "orders", {"VisibilityTimeout": "7"}),
        Queue("aws_sqs_queue.f", arn("sqs", "late.fifo"), "late.fifo", {"FifoQueue": "true"}),
    ),
    tables=(
        Table("aws_dynamodb_table.carts", arn("dynamodb", "table/carts"), "carts", {
            "TableName": "carts", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        }),
    ),
    parameters=(
        Parameter("aws_ssm_parameter.a", arn("ssm", "parameter/shop/a"), "/shop/a", "String",
                  "one"),
    ),
    keys=(Key("aws_kms_key.shop", arn("kms", f"key/{KEY_ID}"), KEY_ID, ("alias/shop",)),),
    secrets=(Secret("aws_secretsmanager_secret.key", SECRET, "shop/key"),),
    roles=(
        Role("aws_iam_role.task", ROLE, "task", (
            PolicyStatement("aws_iam_role.task", "Allow", ("sts:AssumeRole",),
                            principals=(("AWS", ACCOUNT),)),), (
            PolicyStatement("aws_iam_role_policy.task", "Allow", ("*",), resources=("*",)),)),
    ),
    arns=(arn("sqs", "orders"), "arn:aws:s3:::shop"),
)  # fmt: skip


@cache
def _certificate() -> Mapping[str, bytes]:
    with TemporaryDirectory() as folder:
        load_tls(Path(folder))
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def give_certificate(folder: Path) -> Path:
    """Put the endpoint's certificate into its folder, unless it has one. It is made once for all
    services: a rig would start a process for it.
    """
    place = folder / "tls"
    if not place.exists():
        place.mkdir(mode=0o700)
        for name, content in _certificate().items():
            (place / name).touch(mode=0o600)
            (place / name).write_bytes(content)
    return folder


@dataclass
class Rig:
    """The rig on an event loop of its own, and clients for it."""

    cloud: Cloud
    loop: asyncio.AbstractEventLoop
    vault: MemoryVault
    reports: list[str]

    def do(self, job: Coroutine[Any, Any, T]) -> T:
        """The first one may wait until MiniStack is installed."""
        return asyncio.run_coroutine_threadsafe(job, self.loop).result(150)

    @property
    def url(self) -> str:
        return self.cloud.snapshot().url

    def client(self, service: str, role: str = "", user: str = "", **options: Any) -> Any:
        environment = self.cloud.callers.person(role, user)
        return boto3.client(
            service,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            config=Config(**{"retries": {"max_attempts": 1}, **options}),
        )
