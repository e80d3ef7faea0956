"""Calls that someone wants late, refused or unanswered, as AWS's own clients see them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from bonkei.services.endpoint.calls.disturbance import Disturbance, Refusal, refused
from tests.bonkei.services.endpoint.rigs import Rig


@pytest.fixture
def disturbed(rig: Rig) -> Iterator[Any]:
    def disturb(service: str, found: Disturbance, operation: str = "") -> None:
        def by(services: Collection[str], name: str) -> Disturbance | None:
            return found if service in services and operation in ("", name) else None

        rig.cloud.disturb(by)

    yield disturb
    rig.cloud.disturb(None)


@pytest.mark.parametrize(
    ("refusal", "code", "status"),
    [
        ("throttle", "SlowDown", 503),
        ("internal", "InternalError", 500),
        ("unavailable", "ServiceUnavailable", 503),
    ],
)
def test_s3_refuses_in_its_own_words(
    rig: Rig, disturbed: Any, refusal: Refusal, code: str, status: int
) -> None:
    """ "Error responses", Amazon S3 API Reference."""
    disturbed("s3", Disturbance(refusal=refusal))
    with pytest.raises(ClientError) as caught:
        rig.client("s3").list_buckets()
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    rig.cloud.disturb(None)
    assert rig.client("s3").list_buckets()["Buckets"]


def test_other_protocols_have_their_common_errors(rig: Rig, disturbed: Any) -> None:
    """ "Common errors" in the services' API references."""
    disturbed("dynamodb", Disturbance(refusal="throttle"))
    with pytest.raises(ClientError, match="ThrottlingException"):
        rig.client("dynamodb").list_tables()
    disturbed("sts", Disturbance(refusal="throttle"))
    with pytest.raises(ClientError, match=r"\(Throttling\)"):
        rig.client("sts").get_caller_identity()
    disturbed("secretsmanager", Disturbance(refusal="unavailable"))
    with pytest.raises(ClientError, match="ServiceUnavailableException"):
        rig.client("secretsmanager").list_secrets()


def test_one_operation_only(rig: Rig, disturbed: Any) -> None:
    disturbed("sqs", Disturbance(refusal="throttle"), "SendMessage")
    sqs = rig.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    with pytest.raises(ClientError, match="RequestThrottled"):
        sqs.send_message(QueueUrl=url, MessageBody="one")


def test_a_late_answer_is_a_whole_one(rig: Rig, disturbed: Any) -> None:
    disturbed("ssm", Disturbance(0.3))
    begun = time.monotonic()
    assert rig.client("ssm").get_parameter(Name="/shop/a")["Parameter"]["Value"] == "one"
    assert time.monotonic() - begun >= 0.3


def test_no_answer_at_all(rig: Rig, disturbed: Any) -> None:
    disturbed("kms", Disturbance(silent=True))
    with pytest.raises(ReadTimeoutError):
        rig.client("kms", read_timeout=0.5).list_keys()
    assert rig.cloud._calls.recent()[-1].error in ("NoAnswer", "")


def test_the_error_says_that_it_is_a_fault() -> None:
    assert "bonkei fault" in refused("internal", "logs", "json").message
    assert refused("throttle", "lambda", "rest-json").status == 429
