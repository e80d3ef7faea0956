"""Amazon SNS topics and Amazon SQS queues.

https://docs.aws.amazon.com/sns/latest/api/welcome.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bonkei.provider.aws.checks import Rule, at, between, length, matches, one_of
from bonkei.provider.aws.documents import RESOURCE, json_object, policy, same_json, same_policy
from bonkei.provider.aws.formats import arn, kms_key
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.behaviour import Problem, ResourceBehaviour
from bonkei.provider.values import Object, Value, given

_PROTOCOLS = (
    *("sqs", "sms", "lambda", "firehose", "application"),
    *("email", "email-json", "http", "https"),
)
_FEEDBACK = ("application", "firehose", "http", "lambda", "sqs")
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
        "name_prefix": mint.given("name_prefix") or "",
        "owner": mint.account,
        "policy": _default_policy(mint, identifier),
        "beginning_archive_time": "",
        "signature_version": 0,
        "tracing_config": "",
        "maximum_message_size": 262144,
        "fifo_throughput_scope": "Topic" if fifo or name.endswith(".fifo") else "",
    }


def _default_policy(mint: Mint, topic: str) -> str:
    """What SNS gives a topic without a policy: everything to the owner's account."""
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


def _name_shows_order(kind: str) -> Rule:
    """The name of a FIFO topic or queue, and only of such a one, ends in `.fifo`."""

    def rule(config: Object) -> Iterator[Problem]:
        name, fifo = config.get("name"), config.get(f"fifo_{kind}")
        if not given(name) or not (fifo is None or given(fifo)):
            return
        if str(name).endswith(".fifo") != bool(fifo):
            detail = f'The name of a FIFO {kind}, and only of such a one, ends in ".fifo".'
            yield Problem(("name",), 'Invalid value for "name"', detail)

    return rule


def _deduplication(config: Object) -> Iterator[Problem]:
    wanted = config.get("content_based_deduplication")
    if given(wanted) and wanted and config.get("fifo_topic") in (None, False):
        detail = "content_based_deduplication is only for FIFO topics."
        yield Problem(("content_based_deduplication",), "Conflicting arguments", detail)


def _subscription(mint: Mint) -> Mapping[str, Value]:
    identifier = f"{mint.given('topic_arn')}:{mint.uuid()}"
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
        wrong = f'"{endpoint}" is no e-mail address.'
    if wrong:
        yield Problem(("endpoint",), 'Invalid value for "endpoint"', wrong)


def _queue(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    fifo = ".fifo" if mint.given("fifo_queue") is True and not name.endswith(".fifo") else ""
    name += fifo
    url = f"https://sqs.{mint.region}.{mint.suffix}/{mint.account}/{name}"
    return {
        "id": url,
        "url": url,
        "arn": mint.arn("sqs", name),
        "name": name,
        "name_prefix": mint.given("name_prefix") or "",
        "policy": "",
        "redrive_policy": "",
        "redrive_allow_policy": "",
        "kms_data_key_reuse_period_seconds": 300,
        "sqs_managed_sse_enabled": not mint.given("kms_master_key_id"),
        "deduplication_scope": "queue" if name.endswith(".fifo") else "",
        "fifo_throughput_limit": "perQueue" if name.endswith(".fifo") else "",
    }


def _redrive(value: Value) -> str | None:
    wrong = json_object(value)
    if wrong:
        return wrong
    document = json.loads(value)
    target, count = document.get("deadLetterTargetArn"), document.get("maxReceiveCount")
    if not isinstance(target, str) or not isinstance(count, int | str):
        return "Expected deadLetterTargetArn and maxReceiveCount (a whole number from 1)."
    return None if str(count).isdigit() and 1 <= int(count) <= 1000 else "maxReceiveCount: 1-1000."


_NAME = matches(r"[a-zA-Z0-9_-]{1,256}(\.fifo)?", "letters, digits, - and _")

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_sns_topic": resource(
        _topic,
        at("name", length(1, 256), _NAME),
        at("display_name", length(0, 100)),
        at("kms_master_key_id", kms_key),
        at("policy", policy(RESOURCE, 30720)),
        at("delivery_policy", json_object),
        at("signature_version", one_of(1, 2)),
        *(at(f"{name}_success_feedback_sample_rate", between(0, 100)) for name in _FEEDBACK),
        _name_shows_order("topic"),
        _deduplication,
        equivalent={"policy": same_policy, "delivery_policy": same_json},
        import_="arn",
    ),
    "aws_sns_topic_policy": resource(
        lambda mint: {"id": mint.given("arn"), "owner": mint.account},
        at("arn", arn("sns")),
        at("policy", policy(RESOURCE, 30720)),
        equivalent={"policy": same_policy},
        import_="arn",
    ),
    "aws_sns_topic_subscription": resource(
        _subscription,
        at("topic_arn", arn("sns")),
        at("filter_policy", json_object),
        at("redrive_policy", json_object),
        _endpoint,
        equivalent={"filter_policy": same_json, "redrive_policy": same_json},
        import_="arn",
    ),
    "aws_sqs_queue": resource(
        _queue,
        at("name", length(1, 80), _NAME),
        at("receive_wait_time_seconds", between(0, 20)),
        at("policy", policy(RESOURCE)),
        at("redrive_policy", _redrive),
        at("redrive_allow_policy", json_object),
        _name_shows_order("queue"),
        equivalent={
            "policy": same_policy,
            "redrive_policy": same_json,
            "redrive_allow_policy": same_json,
        },
        import_="url",
    ),
    "aws_sqs_queue_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        at("policy", policy(RESOURCE)),
        equivalent={"policy": same_policy},
        import_="queue_url",
    ),
    "aws_sqs_queue_redrive_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        at("redrive_policy", _redrive),
        equivalent={"redrive_policy": same_json},
        import_="queue_url",
    ),
    "aws_sqs_queue_redrive_allow_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        at("redrive_allow_policy", json_object),
        equivalent={"redrive_allow_policy": same_json},
        import_="queue_url",
    ),
}
