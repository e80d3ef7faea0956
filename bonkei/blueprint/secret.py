"""A Secrets Manager secret: its name and ARN; the value is in the vault, never here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""
