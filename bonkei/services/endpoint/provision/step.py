"""One call to the store, as a value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Protocol, Self

from bonkei.base.arn import Arn


@dataclass(frozen=True, slots=True)
class JsonStep:
    """A call of a JSON protocol: the operation `target` with `content`."""

    service: str
    target: str
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    accepted: frozenset[str] = frozenset()
    """Error codes that count as success: the thing already exists, or is already gone."""


@dataclass(frozen=True, slots=True)
class S3Step:
    """A call to S3: `resource` is path and query. The body is `body` (XML or JSON text), or the
    bytes of `base64`, or the file `source`, relative to the definitions."""

    method: str
    resource: str
    body: str = field(default="", repr=False)
    accepted: frozenset[str] = frozenset()
    service: str = "s3"
    headers: tuple[tuple[str, str], ...] = ()
    base64: str = field(default="", repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class EmptyStep:
    """Deletes every version of every object of a bucket, or of the one object `key`."""

    bucket: str
    key: str = ""
    accepted: frozenset[str] = frozenset({"NoSuchBucket"})
    service: str = "s3"


Call = JsonStep | S3Step | EmptyStep


@dataclass(frozen=True, slots=True)
class Unless:
    """`call`, unless `probe` succeeds. For things that a second call would create again."""

    probe: Call
    call: Call


Step = Call | Unless


class Declared(Protocol):
    """A declared resource of one region."""

    @property
    def address(self) -> str: ...
    @property
    def arn(self) -> str: ...


def calls_of(service: str, target: str) -> Callable[..., JsonStep]:
    """The calls of a JSON protocol by their operations, their content and what they accept."""

    def call(
        operation: str, content: Mapping[str, Any], accepted: frozenset[str] = frozenset()
    ) -> JsonStep:
        return JsonStep(service, f"{target}.{operation}", content, accepted)

    return call


@dataclass(frozen=True, slots=True)
class Thing:
    """A declared thing. `steps` create or correct it, and may be repeated any number of times.
    `changes` are taken only if the definition has changed. `end` removes it, if AWS would. It is
    removed before a change if `anew` is set or `identity` differs, because AWS cannot change it.
    `content` is part of the definition, but not of a step. `once`: its steps are not repeated if it
    exists, because others would notice."""

    kind: str
    name: str
    address: str
    region: str
    steps: tuple[Step, ...]
    changes: tuple[Step, ...] = ()
    end: tuple[Call, ...] = ()
    anew: bool = False
    identity: str = ""
    content: str = ""
    once: bool = False

    @classmethod
    def of(cls, kind: str, name: str, declared: Declared, *steps: Step, **more: Any) -> Self:
        """Of a declared resource, in the region of its ARN."""
        return cls(kind, name, declared.address, Arn.of(declared.arn).region, steps, **more)

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def fingerprint(self) -> str:
        """A digest that differs between definitions of the thing. It does not reveal values."""
        text = json.dumps([[*self.steps, *self.changes], self.content], default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> dict[str, Any] | list[str]:
    """A step's fields, or the members of a set in their order."""
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return sorted(value)
