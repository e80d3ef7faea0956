"""SNS's life cycle. It keeps a message until each subscriber has it, or its attempts are
over."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.background import Background
from bonkei.base.clocks import stamp
from bonkei.base.errors import BonkeiError
from bonkei.base.spool import Spool
from bonkei.blueprint import Blueprint
from bonkei.grammar.delivery_policy import delays
from bonkei.grammar.filter_policy import wants, wants_body
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.http_delivery import HttpDelivery
from bonkei.services.sns.message import Message, envelope, lambda_event
from bonkei.services.sns.subscriptions import Subscription, Subscriptions

LIMIT = 20_000
"""Deliveries that wait at the same time."""
_AT_ONCE = 50  # deliveries that are tried at the same time
_REPEATED = 300.0  # seconds in which a FIFO topic knows a message again


class Carriers(Protocol):
    """The ways to subscribers (`AwsCarriers`). Each raises DeliveryError."""

    async def to_function(self, arn: str, event: bytes, topic: str) -> None:
        """Put the event into the function's queue, which has stored it when this returns."""

    async def to_queue(
        self, arn: str, body: str, attributes: Mapping[str, Mapping[str, str]], message: Message
    ) -> None: ...

    def to_mailbox(self, address: str, subject: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TopicsSnapshot:
    """Counts since the start. `waiting`: deliveries that will be retried."""

    published: int
    delivered: int
    filtered: int
    failed: int
    waiting: int


class Topics:
    """Call `start` once, `apply` with each blueprint, and always `stop`. `pace`: how many times
    shorter than AWS's the waits are."""

    def __init__(
        self, directory: Path, carriers: Carriers, report: Callable[[str], None],
        clock: Callable[[], float] = time.time, pace: float = 1.0,
    ) -> None:  # fmt: skip
        self.subscriptions = Subscriptions(directory / "subscriptions.json")
        self._spool = Spool(directory / "deliveries", LIMIT)
        self._carriers = carriers
        self._report = report
        self._clock = clock
        self._pace = pace
        self._http = HttpDelivery()
        self._tasks = Background()
        self._last: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._counts = dict.fromkeys(("published", "delivered", "filtered", "failed"), 0)
        self._sent: dict[tuple[str, str, str], tuple[float, Message]] = {}
        self._is_open = False

    def apply(self, blueprint: Blueprint) -> None:
        """Follow the definitions."""
        if not self._is_open:
            self._is_open = True
            self.subscriptions.open()
            self._spool.open()
        self.subscriptions.follow(blueprint.topics)

    def resume(self) -> None:
        """Continue with the deliveries of an earlier process. Call this when the other parts
        run."""
        for name, record in self._spool.records():
            with suppress(TypeError, KeyError):
                self._begin(name, record["subscription"], Message(**record["message"]))

    async def stop(self) -> None:
        """Undelivered messages stay on disk for the next start."""
        await self._tasks.stop()
        await self._http.close()

    async def publish(self, message: Message) -> Message:
        """When this returns, the message is kept for each subscriber. It is the one that counts: of
        a FIFO topic, an earlier one with the same deduplication. Raises AwsServiceError when the
        topic is missing, or when too many deliveries wait."""
        subscriptions = self.subscriptions.of(message.topic)
        if self._spool.is_full:
            raise AwsServiceError("Throttled", "Rate exceeded: too many deliveries wait.", 429)
        self._counts["published"] += 1
        key = self._deduplicated(message)
        if key and key in self._sent:
            return self._sent[key][1]
        for subscription in subscriptions:
            if subscription.token:
                continue  # not confirmed yet
            if not is_wanted(message, subscription):
                self._counts["filtered"] += 1
                continue
            if subscription.protocol == "lambda" and await self._hand_over(message, subscription):
                continue
            name = (
                f"{time.time_ns():020d}{uuid4().hex}"  # an earlier process's are resumed in order
            )
            self._spool.put(name, {"subscription": subscription.arn, "message": asdict(message)})
            self._begin(name, subscription.arn, message)
        if key:
            self._sent[key] = self._clock(), message
        return message

    def _deduplicated(self, message: Message) -> tuple[str, str, str] | None:
        """What a FIFO topic knows a message by: a later one is "accepted successfully but not
        delivered", whatever subscribes. "Amazon SNS message deduplication for FIFO topics"."""
        if not message.is_of_fifo:
            return None
        earliest = self._clock() - _REPEATED
        while self._sent and next(iter(self._sent.values()))[0] <= earliest:
            del self._sent[next(iter(self._sent))]
        attributes = self.subscriptions.topic_attributes(message.topic)
        scope = message.group if attributes.get("FifoThroughputScope") == "MessageGroup" else ""
        return message.topic, scope, message.deduplication

    def ask_to_confirm(self, subscription: Subscription) -> None:
        """Who a call subscribes by HTTP(S) or e-mail has to confirm it."""
        document = {
            "Type": "SubscriptionConfirmation",
            "MessageId": str(uuid4()),
            "Token": subscription.token,
            "TopicArn": subscription.topic,
            "Message": f"You have chosen to subscribe to the topic {subscription.topic}.\n"
            "To confirm the subscription, call ConfirmSubscription with the token.",
            "SubscribeURL": f"https://sns.amazonaws.com/?Action=ConfirmSubscription&TopicArn="
            f"{subscription.topic}&Token={subscription.token}",
            "Timestamp": stamp(self._clock()),
            "SignatureVersion": "1",
        }

        async def ask() -> None:
            with suppress(DeliveryError):
                if subscription.protocol.startswith("email"):
                    self._carriers.to_mailbox(
                        subscription.endpoint,
                        "AWS Notification - Subscription Confirmation",
                        f"{document['Message']}\n\nToken: {subscription.token}",
                    )
                    return
                await self._http.post(
                    subscription, document["Type"], document["MessageId"], json.dumps(document)
                )

        self._tasks.start(ask())

    def snapshot(self) -> TopicsSnapshot:
        return TopicsSnapshot(**self._counts, waiting=len(self._spool))

    async def _hand_over(self, message: Message, subscription: Subscription) -> bool:
        """Whether the function's own queue has it now. Both queues are on disk."""
        event = lambda_event(message, subscription.arn)
        try:
            await self._carriers.to_function(subscription.endpoint, event, message.topic)
        except DeliveryError:
            return False
        self._counts["delivered"] += 1
        return True

    def _begin(self, name: str, subscription: str, message: Message) -> None:
        """A FIFO topic's messages of one group come one by one, also while one is tried again."""
        if not message.is_of_fifo:
            self._tasks.start(self._follow(name, subscription, message))
            return
        turn = (subscription, message.group)
        task = self._tasks.start(self._follow(name, subscription, message, self._last.get(turn)))
        self._last[turn] = task

        def is_over(done: asyncio.Task[None]) -> None:
            if self._last.get(turn) is done:
                del self._last[turn]

        task.add_done_callback(is_over)

    async def _follow(
        self, name: str, arn: str, message: Message, before: asyncio.Task[None] | None = None
    ) -> None:
        if before is not None:
            await asyncio.wait((before,))
        try:
            subscription = self.subscriptions.find(arn)
        except BonkeiError:  # the subscription is gone
            self._spool.remove(name)
            return
        policy = (subscription.document("DeliveryPolicy") or {}).get("healthyRetryPolicy")
        waits = delays(subscription.protocol, policy)
        while True:
            try:
                async with self._room:
                    await self._deliver(message, subscription)
                self._counts["delivered"] += 1
                break
            except DeliveryError as error:
                wait = None if error.is_final else next(waits, None)
                if wait is None:
                    await self._give_up(message, subscription, error)
                    break
            await asyncio.sleep(wait / self._pace)
        self._spool.remove(name)

    async def _deliver(self, message: Message, subscription: Subscription) -> None:
        endpoint, protocol = subscription.endpoint, subscription.protocol
        if protocol == "lambda":
            event = lambda_event(message, subscription.arn)
            await self._carriers.to_function(endpoint, event, message.topic)
            return
        text = message.body_for(protocol)
        document = json.dumps(envelope(message, protocol, subscription.arn), ensure_ascii=False)
        if protocol == "sqs":
            await self._to_queue(endpoint, message, subscription)
        elif protocol in ("email", "email-json"):
            subject = message.subject or "AWS Notification Message"
            body = document if protocol == "email-json" else text
            self._carriers.to_mailbox(endpoint, subject, body)
        else:
            body = text if subscription.is_raw else document
            await self._http.post(subscription, "Notification", message.id, body)

    async def _to_queue(self, queue: str, message: Message, subscription: Subscription) -> None:
        """Also what its subscriber did not take: the dead letters are as the deliveries."""
        protocol = subscription.protocol
        if subscription.is_raw:
            body, attributes = message.body_for(protocol), message.attributes
        else:
            document = envelope(message, protocol, subscription.arn)
            body, attributes = json.dumps(document, ensure_ascii=False), {}
        await self._carriers.to_queue(queue, body, attributes, message)

    async def _give_up(
        self, message: Message, subscription: Subscription, error: DeliveryError
    ) -> None:
        self._counts["failed"] += 1
        target = subscription.dead_letters
        said = f"{message.topic}: {subscription.endpoint} refuses a message: {error.message}"
        if not target:
            self._report(f"{said}; there is no dead-letter queue, so it is lost, as on AWS")
            return
        try:
            await self._to_queue(target, message, subscription)
        except DeliveryError as further:
            self._report(f"{said}; its dead-letter queue refuses it, too: {further.message}")
        else:
            self._report(f"{said}; it is in the dead-letter queue")


def is_wanted(message: Message, subscription: Subscription) -> bool:
    """Whether the subscription's filter policy lets the message through."""
    policy = subscription.document("FilterPolicy")
    if not policy:
        return True
    if subscription.attributes.get("FilterPolicyScope") == "MessageBody":
        return wants_body(policy, message.body)
    return wants(policy, message.attributes)
