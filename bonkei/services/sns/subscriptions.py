"""Topics and their subscriptions. At each start, those of the definitions are as declared. Those
that programs create are kept on disk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.blueprint.sns import Topic
from bonkei.grammar import delivery_policy, filter_policy
from bonkei.services.sns.errors import invalid, not_found
from bonkei.services.sns.forms import new_topic, require_arn, require_same

PROTOCOLS = ("email", "email-json", "http", "https", "lambda", "sqs")
_OTHERS = ("application", "firehose", "sms")
_USUAL = {"FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": "false"}
_SCOPES = ("MessageBody", "MessageAttributes")
_ATTRIBUTES = frozenset(
    {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy",
     "SubscriptionRoleArn"}
)  # fmt: skip

_Attributes = dict[str, dict[str, str]]
"""The attributes of topics, by ARN."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`attributes` have SNS's names. `token`: confirms a pending subscription."""

    arn: str
    topic: str
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    is_declared: bool = False

    @property
    def is_raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery", "false") == "true"

    def document(self, name: str) -> Any:
        """An attribute that contains a JSON object; None if it is not set or does not contain
        one."""
        try:
            found = json.loads(self.attributes.get(name) or "null")
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def dead_letters(self) -> str:
        return str((self.document("RedrivePolicy") or {}).get("deadLetterTargetArn", ""))


class Subscriptions:
    """`file` keeps the topics and subscriptions of programs. A change that the disk refuses has not
    happened (OSError), so a caller can try again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._topics: _Attributes = {}
        self._declared: _Attributes = {}
        self._changed: _Attributes = {}  # of declared topics, by calls
        self._all: dict[str, Subscription] = {}

    def open(self) -> None:
        """Read the file. Raises DamagedError."""
        without = "or remove it: topics and subscriptions that calls made are forgotten"
        found = kept.read_json(self._file, _read, without) or ({}, {}, {})
        self._topics, self._all, self._changed = found

    def follow(self, topics: Iterable[Topic]) -> None:
        """Follow the definitions. Removing a topic also removes the subscriptions that programs
        made to it."""
        declared = tuple(topics)
        gone = self._declared.keys() - {topic.arn for topic in declared}
        self._declared = {
            topic.arn: self._changed.get(topic.arn, {}) | dict(topic.attributes)
            for topic in declared
        }
        self._changed = {
            topic.arn: {name: own for name, own in changed.items() if name not in topic.attributes}
            for topic in declared
            if (changed := self._changed.get(topic.arn))
        }
        kept = {arn: one for arn, one in self._all.items() if not one.is_declared}
        wanted = {arn: one for arn, one in kept.items() if one.topic not in gone}
        for topic in declared:
            for found in topic.subscriptions:
                made = Subscription(
                    self._arn(topic.arn, found.protocol, found.endpoint), topic.arn,
                    found.protocol, found.endpoint, dict(found.attributes), is_declared=True,
                )  # fmt: skip
                wanted[made.arn] = made
        self._keep(self._topics, wanted)

    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({*self._declared, *self._topics}))

    def create_topic(self, arn: str, attributes: Mapping[str, str]) -> None:
        """A second call with the same attributes changes nothing. Raises AwsServiceError."""
        own = new_topic(arn, attributes)
        if arn in self._declared or arn in self._topics:
            require_same(arn, self.topic_attributes(arn), own)
        else:
            self._keep({**self._topics, arn: own}, self._all)

    def set_topic_attribute(self, arn: str, name: str, value: str) -> None:
        """That of a declared topic lasts until the definitions name it. An empty one is the usual.
        Raises AwsServiceError."""
        own = {**self.topic_attributes(arn), name: value}
        if not value:
            del own[name]
        if arn in self._declared:
            changed = {**self._changed.get(arn, {}), name: value}
            self._keep(self._topics, self._all, {**self._changed, arn: changed})
            self._declared[arn] = own
        else:
            self._keep({**self._topics, arn: own}, self._all)

    def delete_topic(self, arn: str) -> None:
        self._keep(
            {each: own for each, own in self._topics.items() if each != arn},
            {each: one for each, one in self._all.items() if one.topic != arn},
            {each: own for each, own in self._changed.items() if each != arn},
        )
        self._declared.pop(arn, None)

    def topic_attributes(self, arn: str) -> dict[str, str]:
        """The attributes of a declared topic, or of one that a program created. Raises
        AwsServiceError."""
        self.require_topic(arn)
        return self._topics.get(arn, {}) | self._declared.get(arn, {})

    def policy_of(self, arn: str) -> str | None:
        """The policy that calls have given the topic; empty for SNS's default. None: the
        definitions decide, or the topic does not exist."""
        if arn in self._declared:
            return self._changed.get(arn, {}).get("Policy")
        return self._topics[arn].get("Policy", "") if arn in self._topics else None

    def require_topic(self, arn: str) -> None:
        require_arn(arn)
        if arn not in self._declared and arn not in self._topics:
            raise not_found("Topic")

    def of(self, topic: str) -> tuple[Subscription, ...]:
        """Raises AwsServiceError when the topic does not exist."""
        self.require_topic(topic)
        return tuple(one for one in self._all.values() if one.topic == topic)

    def all(self) -> tuple[Subscription, ...]:
        return tuple(self._all.values())

    def find(self, arn: str) -> Subscription:
        if arn not in self._all:
            raise not_found("Subscription")
        return self._all[arn]

    def subscribe(
        self, topic: str, protocol: str, endpoint: str, attributes: Mapping[str, str]
    ) -> Subscription:
        """A second call for the same subscription returns the existing one. Raises
        AwsServiceError."""
        self.require_topic(topic)
        scope = attributes.get("FilterPolicyScope", "MessageAttributes")
        for name, value in attributes.items():
            check(name, value, scope, "Attributes Reason: ")
        if protocol not in PROTOCOLS:  # after what AWS refuses for any protocol
            if protocol not in _OTHERS:
                raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
            raise invalid(f"Protocol: the miniature has {', '.join(PROTOCOLS)}")
        if "RawMessageDelivery" in attributes:
            raw = str(attributes["RawMessageDelivery"]).lower()
            attributes = {**attributes, "RawMessageDelivery": raw}
        arn = self._arn(topic, protocol, endpoint)
        if arn in self._all:
            if not attributes.items() <= {**_USUAL, **self._all[arn].attributes}.items():
                why = "Subscription already exists with different attributes"
                raise invalid(f"Attributes Reason: {why}")
        else:
            token = uuid.uuid4().hex if protocol in ("http", "https") else ""
            self._change(Subscription(arn, topic, protocol, endpoint, dict(attributes), token))
        return self._all[arn]

    def confirm(self, topic: str, token: str) -> Subscription:
        for one in self._all.values():
            if token and (one.topic, one.token) == (topic, token):
                return self._change(replace(one, token=""))
        raise invalid("Token")

    def set_attribute(self, arn: str, name: str, value: str) -> None:
        one = self.find(arn)
        check(name, value, one.attributes.get("FilterPolicyScope", "MessageAttributes"))
        attributes = {**one.attributes, name: value}
        if not value:
            del attributes[name]
        self._change(replace(one, attributes=attributes))

    def unsubscribe(self, arn: str) -> None:
        self._keep(self._topics, {each: one for each, one in self._all.items() if each != arn})

    def _change(self, one: Subscription) -> Subscription:
        self._keep(self._topics, {**self._all, one.arn: one})
        return one

    @staticmethod
    def _arn(topic: str, protocol: str, endpoint: str) -> str:
        """A name made from the subscription's own values, so that a restart keeps it."""
        return f"{topic}:{uuid.uuid5(uuid.NAMESPACE_URL, f'{topic} {protocol} {endpoint}')}"

    def _keep(
        self,
        topics: _Attributes,
        every: dict[str, Subscription],
        changed: _Attributes | None = None,
    ) -> None:
        changed = self._changed if changed is None else changed
        made = [asdict(one) for one in every.values() if not one.is_declared]
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {"topics": topics, "subscriptions": made, "changed": changed}
        kept.write(self._file, json.dumps(document))
        self._topics, self._all, self._changed = topics, every, changed


def _read(content: Mapping[str, Any]) -> tuple[_Attributes, dict[str, Subscription], _Attributes]:
    made = {one["arn"]: Subscription(**one) for one in content["subscriptions"]}
    return dict(content["topics"]), made, dict(content.get("changed", {}))


def check(name: str, value: str, scope: str = "MessageAttributes", place: str = "") -> None:
    """Raises AwsServiceError when a subscription cannot have that attribute. `place`: in the
    call."""
    if name not in _ATTRIBUTES:
        raise invalid("AttributeName")
    if name == "FilterPolicyScope" and value not in _SCOPES:
        said = f"Invalid value [{value}]. Please use either {' or '.join(_SCOPES)}"
        raise invalid(f"{place}{name}: {said}")
    if not value or name in ("FilterPolicyScope", "RawMessageDelivery", "SubscriptionRoleArn"):
        return
    try:
        said = _problem(name, json.loads(value), scope)
    except (ValueError, RecursionError):
        raise invalid(f"{place}{name}: failed to parse JSON.") from None
    if said:
        raise invalid(f"{place}{said}")


def _problem(name: str, document: Any, scope: str) -> str:
    match name:
        case "FilterPolicy":
            return filter_policy.problem(document, scope)
        case "DeliveryPolicy":
            return delivery_policy.problem(document)
    return "" if isinstance(document, dict) else f"{name}: must be a JSON object"
