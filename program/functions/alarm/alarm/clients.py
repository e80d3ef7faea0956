"""boto3's clients, kept while the execution environment lives."""

from __future__ import annotations

from functools import cache
from typing import Any

_QUICK = (1, 2, 1)
"""Seconds to connect, seconds to read, attempts: what is nice to know may be left out."""
_NEEDED = {"secretsmanager": (2, 3, 2)}
_ALL = ("secretsmanager", "cloudwatch", "logs", "sqs")


@cache
def client(service: str, region: str = "") -> Any:
    """Quick to give up: the function has to end in its time. `region`: of another one than the
    function's, such as that of alarms on CloudFront's metrics."""
    import boto3  # noqa: PLC0415 - part of Lambda's runtime; slow to load
    from botocore.config import Config  # noqa: PLC0415

    connect, read, attempts = _NEEDED.get(service, _QUICK)
    retries = {"total_max_attempts": attempts}
    config = Config(connect_timeout=connect, read_timeout=read, retries=retries)
    return boto3.client(service, region or None, config=config)


def prepare() -> None:
    """Make all of them while the environment begins, so that no message waits for it ("Best
    practices for working with AWS Lambda functions": initialize SDK clients outside the handler).
    """
    for service in _ALL:
        client(service)
