"""Policies and names that the resources of the stack share."""

from __future__ import annotations

import json
from typing import Any

ACCOUNT = "eu-west-1:123456789012"


Resources = dict[str, dict[str, Any]]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def trust(*services: str) -> str:
    return policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [*services]}}
    )
