"""A topic's own policy: SNS's default, and what AddPermission and RemovePermission make of it.

"Amazon SNS access control use cases" and "AddPermission" (Amazon SNS API Reference).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bonkei.analysis.policy.document import MalformedPolicyError, read_resource_policy
from bonkei.base.arn import Arn
from bonkei.services.sns.errors import invalid

_OF_OWNER = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
    "Subscribe", "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip
_ACTIONS = frozenset((*_OF_OWNER, "Receive", "*"))
_OUT_OF_SCOPE = "Policy statement action out of service scope!"


def default_policy(topic: str) -> str:
    """The policy of a topic that was given none: its owner may use it."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{each}" for each in _OF_OWNER],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": Arn.of(topic).account}},
    }
    document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return json.dumps(document, separators=(",", ":"))


def check(policy: str) -> None:
    """Raises AwsServiceError for a document that is not a policy of a topic."""
    try:
        statements = read_resource_policy("the topic's policy", policy)
    except MalformedPolicyError:
        raise invalid("Policy Error: null") from None
    for action in (each for one in statements for each in (*one.actions, *one.not_actions)):
        if action != "*" and not action.lower().startswith("sns:"):
            raise invalid(_OUT_OF_SCOPE)


def with_permission(
    policy: str, topic: str, label: str, accounts: Sequence[str], actions: Sequence[str]
) -> str:
    """The policy with a statement for other accounts. Raises AwsServiceError."""
    document = json.loads(policy)
    statements = _statements(document)
    if any(each.get("Sid") == label for each in statements):
        raise invalid("Statement already exists")
    if not _ACTIONS.issuperset(actions):
        raise invalid(_OUT_OF_SCOPE)
    roots = [f"arn:{Arn.of(topic).partition}:iam::{each}:root" for each in accounts]
    added = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all(roots)},
        "Action": _one_or_all([f"SNS:{each}" for each in actions]),
        "Resource": topic,
    }
    return json.dumps({**document, "Statement": [*statements, added]}, separators=(",", ":"))


def without_permission(policy: str, label: str) -> str:
    """The policy without the statement of this label. An empty text is none: the default."""
    document = json.loads(policy)
    left = [each for each in _statements(document) if each.get("Sid") != label]
    return json.dumps({**document, "Statement": left}, separators=(",", ":")) if left else ""


def _statements(document: Any) -> list[dict[str, Any]]:
    found = document["Statement"]
    return [found] if isinstance(found, dict) else list(found)


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
