"""Calls of AWS in this process, by boto3: the Python of CodeBuild's images has it.

Source: `al/x86_64/standard/5.0/Dockerfile` of aws/aws-codebuild-docker-images.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

Aws = Callable[..., Any]
"""`aws(service, operation, **parameters)`: the operation is a method of boto3's client, and the
parameters and the answer are as in the service's API reference."""


def caller(failure: type[Exception]) -> Aws:
    """How AWS is called. What it refuses is a `failure` with its message."""

    @cache
    def client(service: str) -> Any:
        return boto3.client(service, config=Config(retries={"mode": "standard"}))

    def call(service: str, operation: str, /, **parameters: Any) -> Any:
        try:
            return getattr(client(service), operation)(**parameters)
        except (BotoCoreError, ClientError) as error:
            raise failure(f"{service} {operation}: {error}") from error

    return call
