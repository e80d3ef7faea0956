"""Topics and their subscriptions. At each start, those of the definitions are as declared. Those
that programs create are kept on disk."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.aws_service import AwsServiceError, subscription_arn
from bonkei.blueprint.sns import Topic
from bonkei.grammar import delivery_policy, filter_policy
from bonkei.services.sns.errors import invalid, not_found
from bonkei.services.sns.forms import json_fault, new_topic, require_arn, require_same

PROTOCOLS = ("email", "email-json", "http", "https", "lambda", "sqs")
_OTHERS = ("application", "firehose", "sms")
_CONFIRMED = ("email", "email-json", "http", "https")
"""The protocols whose endpoints confirm what a call subscribes. Declared ones need not."""
_TOKEN = re.compile(r"[0-9a-f]{32,}")
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
    """`attributes` have SNS's names. `token`: confirms a pending subscription. `principal`: the
    ARN of who subscribed by a call."""

    arn: str
    topic: str
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    is_declared: bool = False
    principal: str = ""

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
        self._declared_tags: _Attributes = {}
        self._changed: _Attributes = {}  # of declared topics, by calls
        self._tags: _Attributes = {}  # by calls
        self._all: dict[str, Subscription] = {}

    def open(self) -> None:
        """Read the file. Raises DamagedError."""
        without = "or remove it: topics and subscriptions that calls made are forgotten"
        found = kept.read_json(self._file, _read, without) or ({}, {}, {}, {})
        self._topics, self._all, self._changed, self._tags = found

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
        self._declared_tags = {topic.arn: dict(topic.tags) for topic in declared}
        tags = {arn: own for arn, own in self._tags.items() if arn in self._topics}
        kept = {arn: one for arn, one in self._all.items() if not one.is_declared}
        wanted = {arn: one for arn, one in kept.items() if one.topic not in gone}
        for topic in declared:
            for found in topic.subscriptions:
                made = Subscription(
                    subscription_arn(topic.arn, found.protocol, found.endpoint), topic.arn,
                    found.protocol, found.endpoint, dict(found.attributes), is_declared=True,
                )  # fmt: skip
                wanted[made.arn] = made
        self._keep(self._topics, wanted, tags=tags)

    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({*self._declared, *self._topics}))

    def create_topic(
        self, arn: str, attributes: Mapping[str, str], tags: Mapping[str, str] | None = None
    ) -> None:
        """A second call with the same attributes changes nothing. Raises AwsServiceError."""
        own = new_topic(arn, attributes)
        if arn in self._declared or arn in self._topics:
            require_same(arn, self.topic_attributes(arn), own)
            if not (tags or {}).items() <= self.tags(arn).items():
                raise invalid("Tags Reason: Topic already exists with different tags")
        else:
            every = {**self._tags, **({arn: dict(tags)} if tags else {})}
            self._keep({**self._topics, arn: own}, self._all, tags=every)

    def tags(self, arn: str) -> dict[str, str]:
        """Those of a declared topic, or what calls made of them. Raises AwsServiceError."""
        if arn not in self._declared and arn not in self._topics:
            raise AwsServiceError("ResourceNotFound", "Resource does not exist", 404)
        return dict(self._tags.get(arn, self._declared_tags.get(arn, {})))

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """From now on it has these, until the definitions are followed again."""
        self._keep(self._topics, self._all, tags={**self._tags, arn: dict(tags)})

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
            {each: own for each, own in self._tags.items() if each != arn},
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
        self, topic: str, protocol: str, endpoint: str, attributes: Mapping[str, str],
        principal: str = "",
    ) -> Subscription:  # fmt: skip
        """A second call for the same subscription returns the existing one. Raises
        AwsServiceError."""
        self.require_topic(topic)
        scope = attributes.get("FilterPolicyScope", "MessageAttributes")
        for name, value in attributes.items():
            check(name, value, scope, "Attributes Reason: ", is_fifo=_is_fifo(topic, endpoint))
        if protocol not in PROTOCOLS:  # after what AWS refuses for any protocol
            if protocol not in _OTHERS:
                raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
            raise invalid(
                f"Protocol Reason: The miniature does not simulate {protocol}."
                f" It has {', '.join(PROTOCOLS)}"
            )
        attributes = {name: _spelled(name, value) for name, value in attributes.items()}
        arn = subscription_arn(topic, protocol, endpoint)
        if arn in self._all:
            if not attributes.items() <= {**_USUAL, **self._all[arn].attributes}.items():
                why = "Subscription already exists with different attributes"
                raise invalid(f"Attributes Reason: {why}")
        else:
            token = secrets.token_hex(144) if protocol in _CONFIRMED else ""
            self._change(
                Subscription(arn, topic, protocol, endpoint, attributes, token, principal=principal)
            )
        return self._all[arn]

    def confirm(self, topic: str, token: str) -> Subscription:
        if not _TOKEN.fullmatch(token):
            raise AwsServiceError("InvalidParameter", "Invalid token")
        for one in self._all.values():
            if (one.topic, one.token) == (topic, token):
                return self._change(replace(one, token=""))
        raise invalid("Token")

    def set_attribute(self, arn: str, name: str, value: str) -> None:
        one = self.find(arn)
        scope = one.attributes.get("FilterPolicyScope", "MessageAttributes")
        check(name, value, scope, is_fifo=_is_fifo(one.topic, one.endpoint))
        attributes = {**one.attributes, name: _spelled(name, value)}
        if not value:
            del attributes[name]
        self._change(replace(one, attributes=attributes))

    def unsubscribe(self, arn: str) -> None:
        self._keep(self._topics, {each: one for each, one in self._all.items() if each != arn})

    def _change(self, one: Subscription) -> Subscription:
        self._keep(self._topics, {**self._all, one.arn: one})
        return one

    def _keep(
        self,
        topics: _Attributes,
        every: dict[str, Subscription],
        changed: _Attributes | None = None,
        tags: _Attributes | None = None,
    ) -> None:
        changed = self._changed if changed is None else changed
        tags = self._tags if tags is None else tags
        made = [asdict(one) for one in every.values() if not one.is_declared]
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {"topics": topics, "subscriptions": made, "changed": changed, "tags": tags}
        kept.write_json(self._file, document)
        self._topics, self._all, self._changed, self._tags = topics, every, changed, tags


_Kept = tuple[_Attributes, dict[str, Subscription], _Attributes, _Attributes]


def _read(content: Mapping[str, Any]) -> _Kept:
    made = {one["arn"]: Subscription(**one) for one in content["subscriptions"]}
    changed, tags = dict(content.get("changed", {})), dict(content.get("tags", {}))
    return dict(content["topics"]), made, changed, tags


def _spelled(name: str, value: str) -> str:
    return str(value).lower() if name == "RawMessageDelivery" else str(value)


def _is_fifo(topic: str, endpoint: str) -> bool:
    return topic.endswith(".fifo") and endpoint.endswith(".fifo")


def check(
    name: str, value: str, scope: str = "MessageAttributes", place: str = "",
    *, is_fifo: bool = False,
) -> None:  # fmt: skip
    """Raises AwsServiceError when a subscription cannot have that attribute. `place`: in the
    call. `is_fifo`: its topic and its queue are."""
    if name not in _ATTRIBUTES:
        raise invalid("AttributeName")
    if name == "RawMessageDelivery" and _spelled(name, value) not in ("true", "false"):
        raise invalid(f"{place}{name}: Invalid value [{value}]. Must be true or false.")
    if name == "FilterPolicyScope" and value not in _SCOPES:
        said = f"Invalid value [{value}]. Please use either {' or '.join(_SCOPES)}"
        raise invalid(f"{place}{name}: {said}")
    if not value or name in ("FilterPolicyScope", "RawMessageDelivery", "SubscriptionRoleArn"):
        return
    try:
        said = _problem(name, json.loads(value), scope, is_fifo=is_fifo)
    except (ValueError, RecursionError) as error:
        raise invalid(f"{place}{name}: failed to parse JSON.{json_fault(error)}") from None
    if said:
        raise invalid(f"{place}{said}")


def _problem(name: str, document: Any, scope: str, *, is_fifo: bool) -> str:
    match name:
        case "FilterPolicy":
            return filter_policy.problem(document, scope, with_place=True)
        case "DeliveryPolicy":
            return delivery_policy.problem(document)
    if not isinstance(document, dict):
        return f"{name}: must be a JSON object"
    queue = str(document.get("deadLetterTargetArn", ""))
    if not re.fullmatch(r"arn:[^:]+:sqs:[^:]+:[^:]+:[^:]+", queue):
        return f"{name}: deadLetterTargetArn is an invalid arn"
    if is_fifo and not queue.endswith(".fifo"):
        return f"{name}: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    return ""
