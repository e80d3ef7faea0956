"""The details of a resource type, and the values of one resource."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
TypedValues = tuple[str, Values]
"""A type of Terraform's AWS provider, and the attributes in its state."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        where = self.region if region else ""
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{resource}"

    @property
    def suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


@dataclass(frozen=True, slots=True)
class Request:
    """A resource to create. `token` has 64 hexadecimal digits of its own. The same input gives the
    same values."""

    stack_name: str
    logical_id: str
    properties: Values
    token: str
    place: Place
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the stack; a resource's own take precedence."""

    def name(self, prop: str, longest: int, *, lower: bool = False) -> str:
        """The declared name, or CloudFormation's: STACK-LOGICALID-12CHARACTERS. Source: "Name
        type",
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
        """
        if given := self.properties.get(prop):
            return str(given)
        end = self.random(12)
        left = longest - len(end) - 2
        logical = self.logical_id[: max(left // 2, left - len(self.stack_name))]
        name = f"{self.stack_name[: left - len(logical)]}-{logical}-{end}"
        return name.lower() if lower else name

    def random(self, length: int, purpose: str = "", alphabet: str = _ALPHABET) -> str:
        digest = hashlib.sha512(f"{purpose}{self.token}".encode()).digest()
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    def uuid(self, purpose: str = "") -> str:
        digest = hashlib.sha256(f"{purpose}{self.token}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def all_tags(self) -> dict[str, str]:
        return {**self.tags, **tags_of(self.properties.get("Tags"))}


@dataclass(frozen=True, slots=True)
class Made:
    """A resource's values. `physical_id` is the value of `Ref`, `attributes` are the values of
    `Fn::GetAtt`, and `state` has its values in Terraform's state."""

    physical_id: str
    attributes: Mapping[str, str]
    state: tuple[TypedValues, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type. `named_by` is the property with its name. `unserved` are properties that are
    stored but have no effect here, each with the consequence."""

    make: Callable[[Request], Made]
    named_by: str = ""
    unserved: Mapping[str, str] = field(default_factory=dict)
    identity_needs: str = ""
    """The capability that a stack with this resource requires; CAPABILITY_NAMED_IAM if the resource
    has a name."""


def tags_of(listed: Any) -> dict[str, str]:
    """Return `Tags` as a map. They may be a list of keys and values, or a map already."""
    if isinstance(listed, Mapping):
        return {str(key): str(value) for key, value in listed.items()}
    return {str(each["Key"]): str(each["Value"]) for each in listed or ()}


def document(value: Any) -> str:
    """Return a policy document as text. A text is returned unchanged."""
    return value if isinstance(value, str) else json.dumps(value)


def snake(name: str) -> str:
    """`KMSMasterKeyId` -> `kms_master_key_id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()


def values(**given: Any) -> dict[str, Any]:
    """The attributes that have a value."""
    return {name: value for name, value in given.items() if value is not None}


def blocks(*found: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Nested blocks as the state has them."""
    return [each for each in found if each is not None]
