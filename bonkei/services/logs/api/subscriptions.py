"""Subscription filters and resource policies.

Source: "PutSubscriptionFilter", "PutResourcePolicy" (docs.aws.amazon.com/AmazonCloudWatchLogs/
latest/APIReference). A subscription can lead to a function. A Kinesis or Firehose stream, or
another account's destination, is refused because it is not simulated.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bonkei.base.arn import Arn
from bonkei.services.logs.api.desk import (
    Answer,
    Desk,
    Parameters,
    given,
    page,
    read_pattern,
)
from bonkei.services.logs.errors import LogsError, invalid
from bonkei.services.logs.store.documents import ResourcePolicy, Subscription
from bonkei.services.logs.store.group import LogGroup

MOST_SUBSCRIPTIONS = 2
_MOST_POLICIES = 10


def put_subscription_filter(desk: Desk, parameters: Parameters) -> Answer:
    group = desk.store.group(str(parameters["logGroupName"]))
    destination = str(parameters["destinationArn"])
    if not is_function(destination):
        raise invalid(
            f"The destination {destination} is not simulated: a subscription leads to a Lambda "
            "function here."
        )
    subscription = Subscription(
        name=str(parameters["filterName"]),
        pattern=str(parameters.get("filterPattern") or ""),
        destination_arn=destination,
        role_arn=str(parameters.get("roleArn") or ""),
        distribution=str(parameters.get("distribution") or "ByLogStream"),
        created=desk.store.now,
    )
    read_pattern(subscription.pattern)
    others = _without(group, subscription.name)
    if len(others) >= MOST_SUBSCRIPTIONS:
        raise LogsError("LimitExceededException", "Resource limit exceeded.")
    group.change(replace(group.document, subscriptions=(*others, subscription)))
    return {}


def is_function(arn: str) -> bool:
    """Whether an ARN names a Lambda function."""
    return Arn.of(arn).service == "lambda"


def describe_subscription_filters(desk: Desk, parameters: Parameters) -> Answer:
    group = desk.store.group(str(parameters["logGroupName"]))
    prefix = str(parameters.get("filterNamePrefix") or "")
    found = [
        (
            each.name,
            given(
                filterName=each.name,
                logGroupName=group.name,
                filterPattern=each.pattern,
                destinationArn=each.destination_arn,
                roleArn=each.role_arn or None,
                distribution=each.distribution,
                creationTime=each.created,
            ),
        )
        for each in group.document.subscriptions
        if each.name.startswith(prefix)
    ]
    return page("subscriptionFilters", found, parameters)


def delete_subscription_filter(desk: Desk, parameters: Parameters) -> Answer:
    group = desk.store.group(str(parameters["logGroupName"]))
    left = _without(group, str(parameters["filterName"]))
    if len(left) == len(group.document.subscriptions):
        raise LogsError(
            "ResourceNotFoundException", "The specified subscription filter does not exist."
        )
    group.change(replace(group.document, subscriptions=left))
    return {}


def _without(group: LogGroup, name: str) -> tuple[Subscription, ...]:
    return tuple(each for each in group.document.subscriptions if each.name != name)


def put_resource_policy(desk: Desk, parameters: Parameters) -> Answer:
    name = str(parameters.get("policyName") or "")
    if not name:
        raise invalid("A policyName is needed: policies of one resource are not simulated.")
    policy = ResourcePolicy(name, str(parameters.get("policyDocument") or ""), desk.store.now)
    policies = dict(desk.store.policies) | {name: policy}
    if len(policies) > _MOST_POLICIES:
        raise LogsError("LimitExceededException", "Resource limit exceeded.")
    desk.store.set_policies(policies)
    return {"resourcePolicy": _policy(policy)}


def describe_resource_policies(desk: Desk, parameters: Parameters) -> Answer:
    found = [
        (name, _policy(replace(policy, document=_normal(policy.document))))
        for name, policy in desk.store.policies.items()
    ]
    return page("resourcePolicies", found, parameters)


def delete_resource_policy(desk: Desk, parameters: Parameters) -> Answer:
    policies = dict(desk.store.policies)
    name = str(parameters.get("policyName") or "")
    if policies.pop(name, None) is None:
        message = f"Policy with name [{name}] does not exist."
        raise LogsError("ResourceNotFoundException", message)
    desk.store.set_policies(policies)
    return {}


def _policy(policy: ResourcePolicy) -> dict[str, Any]:
    return {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
        "policyScope": "ACCOUNT",
    }


def _normal(document: str) -> str:
    """As it is described: with a version, and a list of one principal as that principal."""
    try:
        policy = json.loads(document)
        policy = {"Version": "2008-10-17"} | policy
        for statement in policy["Statement"]:
            principal = statement.get("Principal")
            if isinstance(principal, dict):
                for kind, names in principal.items():
                    if isinstance(names, list) and len(names) == 1:
                        principal[kind] = names[0]
    except (ValueError, TypeError, KeyError, AttributeError):
        return document
    return json.dumps(policy)
