"""Calls of AWS itself, without a client: a log is delivered into a bucket, an event goes to a
topic, an image is pulled. AWS asks IAM for these, too.

There are two kinds. A service calls as itself (`ServiceAsk`): only the resource's own policy can
let it in. Or it calls as a role that the definitions give it (`RoleAsk`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bonkei.cloud.permission.names import Names
from bonkei.cloud.permission.requirement import Requirement
from bonkei.cloud.permission.services import with_key

Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ServiceAsk:
    """`service` such as `delivery.logs.amazonaws.com`. `source_arn`: the resource for which it
    acts, as in aws:SourceArn. `accounts`: AWS's accounts in whose name the service also acts (an
    older load balancer log is written by an account of the region). `context`: more condition
    keys.
    """

    service: str
    action: str
    resource: str
    source_arn: str = ""
    accounts: tuple[str, ...] = ()
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleAsk:
    """`session`: the name of the role's session."""

    role: str
    session: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)


def requirements(ask: ServiceAsk | RoleAsk, names: Names) -> Iterator[Requirement]:
    """The action itself, and the customer's key of its resource."""
    yield Requirement(ask.action, ask.resource, context=ask.context)
    via = names.place.service(ask.resource.split(":")[2]) if ask.resource.count(":") else ""
    key = names.key_of(ask.resource)
    if not key:
        return
    for wanted in _KEY_ACTIONS.get(ask.action, ()):
        yield with_key(wanted, key, via)


# "Enable compatibility between event sources from AWS services and encrypted topics" (Amazon SNS),
# "Configuring KMS permissions for AWS services" (Amazon SQS), "Permissions" of SSE-KMS (Amazon S3).
_KEY_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "sns:Publish": ("GenerateDataKey", "Decrypt"),
    "sqs:SendMessage": ("GenerateDataKey", "Decrypt"),
    "s3:PutObject": ("GenerateDataKey",),
    "s3:GetObject": ("Decrypt",),
    "secretsmanager:GetSecretValue": ("Decrypt",),
}
