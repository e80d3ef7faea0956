"""A process with a build's environment: real clients call as the build's role, and renew it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from bonkei.services.endpoint.identity import container_credentials
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.identity.environments import CallerEnvironments
from bonkei.services.endpoint.own import sts
from tests.bonkei.services.endpoint.places import Place, serving
from tests.bonkei.services.endpoint.rigs import ENVIRONMENTS

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop/build"
NUMBER = "0a1b2c3d-1111-4222-8333-444455556666"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/build/AWSCodeBuild-{NUMBER}"
ISSUER = Issuer(b"k" * 32, ACCOUNT)
ASKS = """
import boto3, sys
session = boto3.Session()
client = session.client("sts")
for _ in sys.stdin:
    print(client.get_caller_identity()["Arn"], session.get_credentials().access_key, flush=True)
"""


class Clock:
    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def place(tmp_path: Path, clock: Clock) -> Iterator[Place]:
    with serving({"sts": sts.service(ISSUER, lambda _: True)}, tmp_path, clock=clock) as place:
        yield place


@pytest.fixture
def build(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of a build, on a machine whose user has an AWS account."""
    theirs = tmp_path / "person" / ".aws"
    theirs.mkdir(parents=True)
    theirs.joinpath("credentials").write_text(
        "[default]\naws_access_key_id = AKIAPERSON\naws_secret_access_key = of-the-person\n"
    )
    theirs.joinpath("config").write_text("[default]\nregion = us-west-1\n")
    monkeypatch.setenv("HOME", str(theirs.parent))
    monkeypatch.setenv("AWS_PROFILE", "default")
    callers = CallerEnvironments(ISSUER, lambda: place.url, lambda: "eu-west-1", lambda: ())
    own_home = tmp_path / "home"
    own_home.mkdir()
    found = callers.build(ROLE, f"shop:{NUMBER}")
    return {"PATH": os.environ["PATH"], "HOME": str(own_home), **found}


def test_boto3_calls_as_the_build_and_renews(
    build: Mapping[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_credentials, "SECONDS", 100.0)
    asks = subprocess.Popen(
        [sys.executable, "-c", ASKS], env=build, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert asks.stdin is not None
    assert asks.stdout is not None
    with asks:
        for ahead in (0.0, 200.0):  # after the first credentials have expired
            clock.ahead = ahead
            asks.stdin.write("\n")
            asks.stdin.flush()
            assert asks.stdout.readline().split()[0] == SESSION
        asks.stdin.close()


def test_an_ended_builds_credentials_are_refused(
    build: Mapping[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_PROFILE")  # the user's profile: this client has the build's keys
    address = build["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    path = container_credentials.PATH + address.rpartition("/")[2]
    token = build["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    answer = container_credentials.answer(ISSUER, path, token, now=time.time(), seconds=100.0)
    keys = json.loads(answer.body)
    client = boto3.client(
        "sts", region_name="eu-west-1", endpoint_url=build["AWS_ENDPOINT_URL"],
        aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["Token"],
    )  # fmt: skip
    assert client.get_caller_identity()["Arn"] == SESSION
    clock.ahead = 200.0
    with pytest.raises(ClientError, match="ExpiredToken"):
        client.get_caller_identity()


def test_the_aws_command_calls_as_the_build(build: Mapping[str, str]) -> None:
    lock = LOCK.with_name("awscli.txt")
    made = asyncio.run(ensure_environment((lock,), ENVIRONMENTS, lambda _: None))
    command = [made / "bin" / "aws", "sts", "get-caller-identity", "--output", "json"]
    done = subprocess.run(
        command, env=build, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Arn"] == SESSION


def test_the_address_of_another_build_needs_its_own_token(build: Mapping[str, str]) -> None:
    callers = CallerEnvironments(ISSUER, lambda: "", lambda: "", lambda: ())
    other = callers.build(ROLE, "shop:other")["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    path = container_credentials.PATH + other.rpartition("/")[2]
    token = build["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert container_credentials.answer(ISSUER, path, token, now=0.0).status == 403
