"""Lambda functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """`timeout` in seconds, `memory` in MiB. `log_group` is where its output goes."""

    address: str
    arn: str
    name: str
    runtime: str
    handler: str
    role_arn: str
    timeout: float
    memory: int
    filename: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    log_group: str = ""
    dead_letter_arn: str = ""
    invokers: tuple[tuple[str, str], ...] = ()  # (principal, ARN of the source or empty: any)
