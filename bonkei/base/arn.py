"""The parts of an ARN.

"Amazon Resource Names (ARNs)", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

_PARTS = 6


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. A missing part is empty. Only the resource
    may contain colons."""

    partition: str = ""
    service: str = ""
    region: str = ""
    account: str = ""
    resource: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Split a text into these parts. All of them are empty if the text is not an ARN."""
        prefix, *parts = text.split(":", _PARTS - 1)
        return cls(*parts) if prefix == "arn" else cls()


def log_group_name(identifier: str) -> str:
    """The name in a log group's name or ARN. Who decides about a call and who answers it must read
    the same name."""
    if not identifier.startswith("arn:"):
        return identifier
    return Arn.of(identifier).resource.removeprefix("log-group:").removesuffix(":*")
