"""One call to the store, as a value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class JsonStep:
    """A call of a JSON protocol: the store takes what `target` names with `content`."""

    service: str
    target: str
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    accepted: frozenset[str] = frozenset()
    """Error codes that are as good as success: it is there already, or it has gone already."""


@dataclass(frozen=True, slots=True)
class QueryStep:
    """A call of the query protocol."""

    service: str
    parameters: Mapping[str, str]
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class S3Step:
    """A call to S3: `resource` is path and query, `body` XML or JSON text."""

    method: str
    resource: str
    body: str = ""
    accepted: frozenset[str] = frozenset()
    service: str = "s3"


Call = JsonStep | QueryStep | S3Step


@dataclass(frozen=True, slots=True)
class Unless:
    """`call`, unless `probe` succeeds: where making a thing twice would make two."""

    probe: Call
    call: Call


Step = Call | Unless


@dataclass(frozen=True, slots=True)
class Thing:
    """Something declared. `steps` make it, or make it anew what it should be: they may be taken
    any number of times. `changes` are taken only when the definition has changed. `end` removes
    it, as far as AWS would."""

    kind: str
    name: str
    address: str
    region: str
    steps: tuple[Step, ...]
    changes: tuple[Step, ...] = ()
    end: tuple[Call, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def fingerprint(self) -> str:
        """What tells one definition of the thing from another. Values are not in it."""
        text = json.dumps([asdict(step) for step in (*self.steps, *self.changes)], default=sorted)
        return hashlib.sha256(text.encode()).hexdigest()
