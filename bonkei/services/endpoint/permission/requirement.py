"""A permission that a call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL = "*"
"""The resource of an action that IAM cannot restrict to resources."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`resource`: an ARN or `*`. `alternative`: a second spelling of the same resource that IAM
    accepts. `context`: condition keys, in lower case, that only this requirement has."""

    action: str
    resource: str = ALL
    alternative: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a call: the parts of its ARNs."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def service(self, name: str) -> str:
        """The service in the form of kms:ViaService."""
        return f"{name}.{self.region}.amazonaws.com"
