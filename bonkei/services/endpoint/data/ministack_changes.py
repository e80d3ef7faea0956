"""MiniStack, changed so that it keeps acknowledged changes, and large objects stay files.

It runs in MiniStack's own environment, without Bonkei. Like the modules beside it, it uses
MiniStack's internal names: the version is locked, and `tests/bonkei/services/endpoint/
test_patches.py` fails on an upgrade. What can be done in front of MiniStack is done in the
endpoint. SIGUSR1 asks for a snapshot of the state.
"""

import os
import signal
import time

import ministack_bodies
import ministack_door
import ministack_journal
import ministack_notifications
import ministack_records
from ministack import app
from ministack.services import dynamodb, kms, s3, sqs, ssm

_ID = "bonkei:key-id"
_AGE = "bonkei:AgeOfOldestMessage"
_AT_ONCE = 25
_SHOWN = 20_000  # characters of a message
_STREAM_LABEL = "bonkei:StreamLabel"


def _keep_ids() -> None:
    """A tag gives a new key its id, because the key's ARN is known from the definitions."""
    create = kms._create_key
    wanted: dict[str, str | None] = {}

    def create_key(data: dict[str, object]) -> object:
        tags = data.get("Tags") or []
        wanted["id"] = next((tag["TagValue"] for tag in tags if tag.get("TagKey") == _ID), None)
        data["Tags"] = [tag for tag in tags if tag.get("TagKey") != _ID]
        return create(data)

    original = kms.new_uuid

    def new_uuid() -> str:
        return wanted.pop("id", None) or original()

    kms._create_key, kms.new_uuid = create_key, new_uuid


def _keep_stream_labels() -> None:
    """Give a table's stream the label that its ARN already has."""
    label, wanted = dynamodb._stream_label, dict[str, str]()

    def named(operation):  # type: ignore[no-untyped-def]
        def answer(data):  # type: ignore[no-untyped-def]
            if found := data.pop(_STREAM_LABEL, None):
                wanted["label"] = found
            try:
                return operation(data)
            finally:
                wanted.clear()

        return answer

    dynamodb._stream_label = lambda: wanted.get("label") or label()
    dynamodb._create_table = named(dynamodb._create_table)
    dynamodb._update_table = named(dynamodb._update_table)


def _as_sqs_shows(attributes, data):  # type: ignore[no-untyped-def]
    """A cleared attribute is absent, and a FIFO queue has its limits from the beginning."""
    for name in [name for name, value in attributes.items() if value == ""]:
        del attributes[name]
    asked = data.get("AttributeNames") or ()
    if str(data.get("QueueUrl")).endswith(".fifo"):
        for name, value in (("DeduplicationScope", "queue"), ("FifoThroughputLimit", "perQueue")):
            if "All" in asked or name in asked:
                attributes.setdefault(name, value)


def _tell_age_of_oldest() -> None:
    """Answer for an attribute that SQS does not have, for a metric of CloudWatch: the age of the
    oldest message that is not deleted."""
    usual = sqs._HANDLERS["GetQueueAttributes"]

    def answer(data, url):  # type: ignore[no-untyped-def]
        found = usual(data, url)
        _as_sqs_shows(found["Attributes"], data)
        if _AGE in (data.get("AttributeNames") or ()):
            queue = sqs._get_q(data.get("QueueUrl", url), "sqs:GetQueueAttributes")
            now = time.time()
            sent = (one.get("enqueued_at", one.get("sent_at", now)) for one in queue["messages"])
            found["Attributes"][_AGE] = str(int(now - min(sent, default=now)))
        return found

    sqs._HANDLERS["GetQueueAttributes"] = answer


def _let_people_look_at_messages() -> None:
    """Answer an operation that SQS does not have: the waiting messages, for a person who inspects
    the queue. Messages do not count as received, and nothing changes."""

    def shown(one, now):  # type: ignore[no-untyped-def]
        is_visible = one.get("visible_at", now) <= now
        waits = "in flight" if one.get("receive_count") else "delayed"
        body = str(one.get("body") or "")
        return {
            "MessageId": one.get("id", ""),
            "Body": body[:_SHOWN],
            "Length": len(body),
            "Sent": one.get("sent_at", 0),
            "Received": one.get("receive_count", 0),
            "State": "visible" if is_visible else waits,
            "Group": one.get("group_id") or "",
            "Attributes": {
                name: str(value.get("StringValue", ""))[:200] or value.get("DataType", "")
                for name, value in list((one.get("message_attributes") or {}).items())[:10]
            },
        }

    def look(data, url):  # type: ignore[no-untyped-def]
        queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DescribeBonkeiMessages")
        first = max(0, int(data.get("First", 0)))
        now, messages = time.time(), queue["messages"]
        found = [shown(one, now) for one in messages[first : first + _AT_ONCE]]
        return {"Total": len(messages), "Messages": found}

    sqs._HANDLERS["DescribeBonkeiMessages"] = look


def _tell_what_it_holds() -> None:
    """Answer an operation that SQS does not have: how many things keep MiniStack from resting.
    Parts of incomplete uploads and records of streams are in memory only, and the metrics of
    waiting messages are read every minute."""

    def held(_data, _url):  # type: ignore[no-untyped-def]
        queues = sqs._queues._data.values()
        streams = dynamodb._stream_records._data.values()
        waiting = sum(map(len, streams)) + sum(len(queue["messages"]) for queue in queues)
        return {"Held": len(s3._multipart_uploads._data) + waiting}

    sqs._HANDLERS["DescribeBonkeiHeld"] = held


def _list_each_object_once() -> None:
    """An object without versions is the only one of its key, so the next page begins after it.
    MiniStack would repeat it."""
    usual = s3._list_object_versions

    def answer(bucket, parameters):  # type: ignore[no-untyped-def]
        key = s3._qp(parameters, "key-marker")
        if key and not s3._object_versions.get((bucket, key)):
            parameters = {**parameters, "version-id-marker": [""]}
        return usual(bucket, parameters)

    s3._list_object_versions = answer


def _know_parameters_by_both_names() -> None:
    """A parameter without a path has two names, `name` and `/name`. It is shown with the one by
    which it was asked for."""
    usual = ssm._lookup_parameter

    def lookup(name, **how):  # type: ignore[no-untyped-def]
        if how or not name or name.startswith("arn:") or "/" in name.strip("/"):
            return usual(name, **how)
        key, found = usual(name, flexible_name=True)
        return key, found if found is None or key == name else {**found, "Name": name}

    ssm._lookup_parameter = lookup


def run() -> None:
    """Until SIGTERM."""
    _keep_ids()
    _keep_stream_labels()
    _tell_age_of_oldest()
    _let_people_look_at_messages()
    _tell_what_it_holds()
    _list_each_object_once()
    _know_parameters_by_both_names()
    ministack_door.install()
    ministack_bodies.install()
    ministack_notifications.install()
    journal = ministack_journal.install(ministack_records)

    def save(*_: object) -> None:
        """On the event loop that changes the state, so that nothing changes meanwhile."""
        if app._MAIN_LOOP is not None:
            app._MAIN_LOOP.call_soon_threadsafe(journal.snapshot)

    signal.signal(signal.SIGUSR1, save)
    os.environ["GATEWAY_PORT"] = "0"  # `main` looks for another MiniStack there
    app.main()
