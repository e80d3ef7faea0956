"""ECR repositories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repository:
    address: str
    arn: str
    name: str
    url: str
    immutable: bool = False
    scan_on_push: bool = False
    lifecycle: bool = False
