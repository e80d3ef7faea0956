"""Amazon SNS: topics and subscriptions.

https://docs.aws.amazon.com/sns/latest/api/welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bonkei.base.aws_service import subscription_arn
from bonkei.definitions.provider.aws.shared.checks import at, length
from bonkei.definitions.provider.aws.shared.documents import (
    RESOURCE,
    json_object,
    parse,
    policy,
    same_json,
)
from bonkei.definitions.provider.aws.shared.fifo import NAME, name_shows_order
from bonkei.definitions.provider.aws.shared.formats import arn, kms_key
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given
from bonkei.grammar import delivery_policy, filter_policy

_OWNER_ACTIONS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission"),
    *("DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"),
)


def _topic(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    fifo = ".fifo" if mint.given("fifo_topic") is True and not name.endswith(".fifo") else ""
    identifier = mint.arn("sns", f"{name}{fifo}")
    return {
        "id": identifier,
        "arn": identifier,
        "name": f"{name}{fifo}",
        "owner": mint.account,
        "policy": _default_policy(mint, identifier),
        "maximum_message_size": 262144,
        "fifo_throughput_scope": "Topic" if fifo or name.endswith(".fifo") else "",
    }


def _default_policy(mint: Mint, topic: str) -> str:
    """The policy that SNS gives a topic without one: it allows everything to the owner's
    account."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _OWNER_ACTIONS],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": mint.account}},
    }
    document = {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [statement],
    }
    return json.dumps(document, separators=(",", ":"))


def _deduplication(config: Object) -> Iterator[Problem]:
    wanted = config.get("content_based_deduplication")
    if given(wanted) and wanted and config.get("fifo_topic") in (None, False):
        detail = "content_based_deduplication is only for FIFO topics."
        yield Problem(("content_based_deduplication",), "Conflicting arguments", detail)


def _subscription(mint: Mint) -> Mapping[str, Value]:
    identifier = subscription_arn(
        *(str(mint.given(name) or "") for name in ("topic_arn", "protocol", "endpoint"))
    )
    confirmed = mint.given("protocol") in ("sqs", "lambda", "firehose", "application", "sms")
    return {
        "id": identifier,
        "arn": identifier,
        "owner_id": mint.account,
        "confirmation_was_authenticated": confirmed,
        "pending_confirmation": not confirmed,
        "filter_policy_scope": "MessageAttributes" if mint.given("filter_policy") else "",
    }


def _endpoint(config: Object) -> Iterator[Problem]:
    protocol, endpoint = config.get("protocol"), config.get("endpoint")
    if not (given(protocol) and given(endpoint)):
        return
    wrong: str | None = None
    if protocol in ("sqs", "lambda", "firehose"):
        wrong = arn(str(protocol))(endpoint)
    elif protocol in ("http", "https") and not str(endpoint).startswith(f"{protocol}://"):
        wrong = f'Expected an address that begins with {protocol}://, got "{endpoint}".'
    elif str(protocol).startswith("email") and "@" not in str(endpoint):
        wrong = f'"{endpoint}" is not an e-mail address.'
    if wrong:
        yield Problem(("endpoint",), 'Invalid value for "endpoint"', wrong)


def _filter(config: Object) -> Iterator[Problem]:
    """SNS refuses another filter policy, but only at apply."""
    text, scope = config.get("filter_policy"), config.get("filter_policy_scope")
    if not given(text):
        return
    # A scope that is not known yet may allow the most.
    allowed = "MessageAttributes" if scope in (None, "", "MessageAttributes") else "MessageBody"
    document, wrong = parse(text)
    if message := wrong or filter_policy.problem(document, allowed):
        yield Problem(("filter_policy",), 'Invalid value for "filter_policy"', message)


def _delivery(value: Value) -> str | None:
    document, wrong = parse(value)
    return wrong or delivery_policy.problem(document) or None


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_sns_topic": resource(
        _topic,
        at("name", length(1, 256), NAME),
        at("display_name", length(0, 100)),
        at("kms_master_key_id", kms_key),
        name_shows_order("topic"),
        _deduplication,
        policies={"policy": policy(RESOURCE, 30720)},
        documents={"delivery_policy": json_object},
    ),
    "aws_sns_topic_policy": resource(
        lambda mint: {"id": mint.given("arn"), "owner": mint.account},
        at("arn", arn("sns")),
        policies={"policy": policy(RESOURCE, 30720)},
    ),
    "aws_sns_topic_subscription": resource(
        _subscription,
        at("topic_arn", arn("sns")),
        at("delivery_policy", _delivery),
        _endpoint,
        _filter,
        documents={"redrive_policy": json_object},
        equivalent={"filter_policy": same_json},
    ),
}

DATA_SOURCES = by_own_names("aws_sns_topic")
