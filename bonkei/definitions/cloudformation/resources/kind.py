"""The details of a resource type, and the values of one resource."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
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

    def identifier(self) -> str:
        """Of a resource that has no name of its own."""
        return f"{self.stack_name}-{self.logical_id}-{self.random(12)}"

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


def documents(given: Values, names: str) -> dict[str, str]:
    """The properties that are given and have a document each, as attributes with its text."""
    return {name: document(value) for name, value in plain(given, names).items()}


def snake(name: str) -> str:
    """`KMSMasterKeyId` -> `kms_master_key_id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()


def values(**given: Any) -> dict[str, Any]:
    """The attributes that have a value."""
    return {name: value for name, value in given.items() if value is not None}


def plain(given: Values, names: str = "", **others: str) -> dict[str, Any]:
    """The attributes of the properties that are given. `names` are properties whose attributes have
    the same words, in snake case. Of the others, the attribute is named with its property."""
    wanted = {snake(name): name for name in names.split()} | others
    return {attribute: given[name] for attribute, name in wanted.items() if name in given}


def block(given: Values | None, names: str = "", **others: str) -> list[Values] | None:
    """A nested block as the state has it, if there is one."""
    return None if given is None else [plain(given, names, **others)]


def blocks(given: Sequence[Values], names: str = "", **others: str) -> list[Values]:
    """A nested block for each."""
    return [plain(each, names, **others) for each in given]


def optional(given: Any, translate: Callable[[Any], Values]) -> list[Values] | None:
    """A nested block of a property that may be missing."""
    return None if given is None else [translate(given)]


def attached_policy(kind: str, targets: str, attribute: str) -> Callable[[Request], Made]:
    """A policy that is written into each resource of the list `targets`; `attribute` names it."""

    def make(request: Request) -> Made:
        identifier = request.identifier()
        policy = document(request.properties["PolicyDocument"])
        state = tuple(
            (kind, {"id": target, attribute: target, "policy": policy})
            for target in request.properties[targets]
        )
        return Made(identifier, {"Id": identifier}, state)

    return make
