"""SNS topics with their subscriptions, and EventBridge rules with their targets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    address: str
    protocol: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Topic:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""
    subscriptions: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRule:
    """`pattern` is JSON text, or `schedule` an expression; `targets` are ARNs."""

    address: str
    arn: str
    name: str
    pattern: str = ""
    schedule: str = ""
    targets: tuple[str, ...] = ()
