"""Calls that AWS makes itself: it delivers a log to a bucket, sends an event to a topic, pulls an
image. These calls need permission from IAM, too.

There are two kinds. A service calls in its own name (`ServiceAsk`): only the resource's own policy
can allow this. Or it calls with a role of the definitions (`RoleAsk`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bonkei.base.arn import Arn
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import Requirement
from bonkei.services.endpoint.permission.services import with_key

Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ServiceAsk:
    """`service` such as `delivery.logs.amazonaws.com`. `source_arn`: the resource for which it
    acts, as in aws:SourceArn. `accounts`: AWS's accounts that the service also acts for (an account
    of the region writes the log of an older load balancer). `context`: more condition keys."""

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
    via = names.place.service(Arn.of(ask.resource).service) if ask.resource.count(":") else ""
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
