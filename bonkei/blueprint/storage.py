"""What programs keep things in, besides buckets and databases: queues, tables, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue; `attributes` as CreateQueue has them, which are texts."""

    address: str
    arn: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table; `definition` as CreateTable has it."""

    address: str
    arn: str
    name: str
    definition: Mapping[str, Any]
    ttl_attribute: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An SSM parameter: String, StringList or SecureString. A value does not show in a repr."""

    address: str
    arn: str
    name: str
    type: str
    value: str = field(repr=False)
    key_id: str = ""
    description: str = ""
