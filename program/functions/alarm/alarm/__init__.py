"""Lambda function that posts Amazon SNS notifications to Slack. Its handler is `alarm.handler`.

If a notification cannot be delivered, the handler raises. Lambda then tries again, and at last
moves it to the dead-letter queue; the alarm on this function's errors goes off. The next one that
Slack takes shows that Slack is back: then those of the queue are posted, too. A call without
notifications does only that.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alarm.clients import prepare
from alarm.details import call_aws, look_up, planned
from alarm.events import AlarmChange, Event, PipelineWaits, Unrecognized, parse
from alarm.letters import SECONDS, post_again
from alarm.message import NOTHING, Message, Ways, late, message
from alarm.slack import RefusedError, send
from alarm.webhook import Webhook

kept_webhook: Webhook | None = None  # kept while the execution environment lives


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    prepare()


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """`event` as SNS gives it: `{"Records": [{"Sns": {"Message": "…", "Subject": "…"}}]}`."""
    until = time.monotonic() + SECONDS
    records = event.get("Records") or () if event else ()  # called by hand without a payload
    for record in records:
        _report(record["Sns"])
    try:
        post_again(call_aws, _report, until)
    except Exception as error:
        if not records:
            raise
        # What this call is for is done, and would be done twice if it failed.
        _warn(f"the dead-letter queue: {type(error).__name__}")


def _report(notification: Mapping[str, Any], late_since: str = "") -> None:
    """Post it. `late_since`: when it was sent, if it comes from the dead-letter queue."""
    webhook = _get_webhook()
    found, text = _describe(notification["Message"], notification.get("Subject") or "")
    if text is None:
        _log("nothing to report", notification, kind=type(found).__name__)
        return
    try:
        send(webhook.url(), late(text, late_since) if late_since else text)
    except RefusedError:
        webhook.forget()  # it may have been replaced; the next attempt fetches it again
        raise
    _log("reported", notification, kind=type(found).__name__)


def _describe(text: str, subject: str) -> tuple[Event, Message | None]:
    """What it is, and its message for Slack; None if there is nothing to report."""
    found = parse(text, subject=subject)
    if isinstance(found, PipelineWaits) and found.execution:
        found = replace(found, summary=planned(found, call_aws, _warn))
    details = look_up(found, call_aws, _warn) if isinstance(found, AlarmChange) else NOTHING
    ways = Ways(os.environ.get("PAGE_MENTION", ""), os.environ.get("RUNBOOK_URL", ""))
    try:
        return found, message(found, details, ways)
    except Exception as error:  # it has another form than AWS documents, and must not get lost
        _warn(f"the form of a notification: {type(error).__name__}")
        found = Unrecognized(subject, text)
        return found, message(found)


def _get_webhook() -> Webhook:
    global kept_webhook  # noqa: PLW0603 - made at the first use, so that importing needs no settings
    if kept_webhook is None:
        kept_webhook = Webhook(os.environ["SLACK_WEBHOOK_SECRET_ARN"])
    return kept_webhook


def _log(what: str, notification: Mapping[str, Any], **fields: str) -> None:
    """Never the webhook's URL, nor the environment: both hold secrets."""
    record = {"level": "INFO", "message": what, "message_id": notification.get("MessageId")}
    print(json.dumps(record | fields))


def _warn(what: str) -> None:
    print(json.dumps({"level": "WARNING", "message": f"not known, and left out: {what}"}))
