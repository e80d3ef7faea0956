"""SNS topics with their subscriptions, and EventBridge rules with their targets."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement


@dataclass(frozen=True, slots=True)
class Subscription:
    address: str
    protocol: str
    endpoint: str
    attributes: tuple[tuple[str, str], ...] = ()  # as SNS names them


@dataclass(frozen=True, slots=True)
class Topic:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""
    policy: tuple[PolicyStatement, ...] = ()  # empty: SNS's own, which lets the account in
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
