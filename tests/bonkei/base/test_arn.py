"""The parts of an ARN."""

from __future__ import annotations

import pytest

from bonkei.base.arn import Arn
from bonkei.base.aws_service import queue_url

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs", Arn("aws", "sqs", "eu-west-1", ACCOUNT, "jobs")),
        ("arn:aws:s3:::bucket/key:with:colons", Arn("aws", "s3", "", "", "bucket/key:with:colons")),
        (f"arn:aws:iam::{ACCOUNT}:role/a/b", Arn("aws", "iam", "", ACCOUNT, "role/a/b")),
        ("arn:aws:logs", Arn("aws", "logs")),
        ("", Arn()),
        ("*", Arn()),
        ("a:b:c:d:e:f", Arn()),
    ],
)
def test_the_parts_of_an_arn(text: str, parts: Arn) -> None:
    assert Arn.of(text) == parts


def test_the_address_of_a_queue_names_no_port() -> None:
    assert queue_url(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs") == f"http://localhost/{ACCOUNT}/jobs"
