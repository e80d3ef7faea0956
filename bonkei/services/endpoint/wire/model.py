"""The models of the services that Bonkei itself answers: shapes, operations, and their names."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

_DATA = Path(__file__).parent / "data"
_LABEL = re.compile(r"\\{(\w+)(\\\+)?\\}")

Shape = Mapping[str, Any]
"""A shape of the model: `type`, and depending on it `members`, `required`, `member`, `key`,
`value`, `min`, `max`, `pattern`, `enum`, …"""
Member = Mapping[str, Any]
"""A reference to a shape (`shape`), with its name and place in a request."""
_NOTHING: Shape = {"type": "structure", "members": {}}


@dataclass(frozen=True, slots=True)
class Route:
    """A REST operation's address: a pattern of the path, and the required query."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    literal: int  # characters outside labels; of two matching patterns, the longer one wins

    def fits(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        return (
            self.method == method
            and self.path.fullmatch(path) is not None
            and all(query.get(name) == value for name, value in self.query)
        )


@dataclass(frozen=True)
class ServiceModel:
    """One service, by botocore's name. `signed_as` is in a signature's credential scope."""

    name: str
    signed_as: str
    version: str
    document: Mapping[str, Any] = field(repr=False)

    @property
    def operations(self) -> Mapping[str, Mapping[str, Any]]:
        return self.document["operations"]  # type: ignore[no-any-return]

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.document["metadata"]  # type: ignore[no-any-return]

    def shape(self, member: Member) -> Shape:
        return self.document["shapes"][member["shape"]]  # type: ignore[no-any-return]

    def input(self, operation: str) -> Shape:
        member = self.operations[operation].get("input")
        return _NOTHING if member is None else self.shape(member)

    def output(self, operation: str) -> Shape:
        member = self.operations[operation].get("output")
        return _NOTHING if member is None else self.shape(member)

    def error(self, code: str) -> Shape:
        """The shape of an error, by its name or by its code in the query protocol."""
        return self._errors.get(code, _NOTHING)

    def raises(self, operation: str, error: str) -> bool:
        return any(one["shape"] == error for one in self.operations[operation]["errors"])

    @cached_property
    def _errors(self) -> Mapping[str, Shape]:
        shapes = self.document["shapes"].items()
        known = {name: shape for name, shape in shapes if shape.get("exception")}
        for shape in tuple(known.values()):
            if code := shape.get("error", {}).get("code"):
                known.setdefault(code, shape)
        return known

    @cached_property
    def _routes(self) -> tuple[Route, ...]:
        if "rest-json" not in self.metadata["protocols"]:
            return ()  # all other protocols have a single address
        routes = (_route(name, one["http"]) for name, one in self.operations.items())
        return tuple(sorted(routes, key=lambda one: (-len(one.query), -one.literal)))

    def route(self, method: str, path: str, query: str) -> Route | None:
        """The REST operation of a request. `path` and `query` are as sent."""
        asked = dict(parse_qsl(query, keep_blank_values=True))
        return next((one for one in self._routes if one.fits(method, path, asked)), None)


def find_model(signed_as: str) -> ServiceModel | None:
    """The model of the service that a credential scope names."""
    name = _by_signature().get(signed_as)
    return None if name is None else load_model(name)


@cache
def load_model(name: str) -> ServiceModel:
    """By botocore's name. Raises KeyError if the data has none."""
    known = _listed()[name]
    document = json.loads(gzip.decompress((_DATA / f"{name}.json.gz").read_bytes()))
    return ServiceModel(name, known["signed_as"], known["version"], document)


@cache
def _listed() -> Mapping[str, Mapping[str, str]]:
    text = (_DATA / "service-models.json").read_text(encoding="utf-8")
    return json.loads(text)["services"]  # type: ignore[no-any-return]


@cache
def _by_signature() -> Mapping[str, str]:
    return {known["signed_as"]: name for name, known in _listed().items()}


def _route(operation: str, http: Mapping[str, Any]) -> Route:
    path, _, query = http["requestUri"].partition("?")
    pattern = _LABEL.sub(
        lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re.escape(path)
    )
    literal = len(re.sub(r"\{[^}]*\}", "", path))
    wanted = tuple(parse_qsl(query, keep_blank_values=True))
    return Route(operation, http["method"], re.compile(pattern), wanted, literal)
