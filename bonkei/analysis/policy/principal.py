"""Callers, and their names in a policy's Principal element.

"AWS JSON policy elements: Principal",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. `arn` is the user, or the role's session. `role_arn` is the role of a session.
    `service` is an AWS service that makes the call itself, such as `events.amazonaws.com`.
    `federated` is the identity provider (its ARN) of a token of AssumeRoleWithWebIdentity."""

    arn: str = ""
    account: str = ""
    role_arn: str = ""
    service: str = ""
    federated: str = ""


class Match(IntEnum):
    """How closely a Principal element names the caller."""

    NO = 0
    ACCOUNT = 1  # the account may delegate the permission, so an identity policy is needed as well
    ROLE = 2
    ANYONE = 3
    EXACT = 4  # the session, the user or the service itself


def match(listed: Iterable[tuple[str, str]], caller: Principal) -> Match:
    """The closest of the listed (kind, value) pairs."""
    return max((_match(kind, value, caller) for kind, value in listed), default=Match.NO)


def _match(kind: str, value: str, caller: Principal) -> Match:
    if value == "*" and kind in ("*", "AWS"):
        return Match.ANYONE
    if kind == "Service":
        return Match.EXACT if caller.service and value == caller.service else Match.NO
    if kind == "Federated":
        return Match.EXACT if caller.federated and value == caller.federated else Match.NO
    if kind != "AWS" or caller.service or caller.federated:
        return Match.NO
    if value == caller.arn:
        return Match.EXACT
    if caller.role_arn and value == caller.role_arn:
        return Match.ROLE
    if value == caller.account or value.endswith(f"::{caller.account}:root"):
        return Match.ACCOUNT
    return Match.NO
