"""Additions to the router: exact matches of paths, and all methods of a path."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match
from starlette.types import Scope

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_CONTROL = frozenset(map(chr, (*range(0x20), 0x7F)))


def exact_path(scope: Scope) -> str:
    """The path for the routes.

    Starlette's patterns end with `$`, which also matches before a line break; and a slash sent as
    `%2F` is data, not a separator (RFC 3986, 2.2). Such a path stays encoded: no route matches it.
    """
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b""
    if _CONTROL.isdisjoint(path) and b"%2f" not in raw.lower():
        return path
    return raw.partition(b"?")[0].decode("ascii", "backslashreplace") or "/%00"


def allowed_methods(routes: Iterable[BaseRoute], path: str) -> tuple[str, ...]:
    """The methods that some route answers at `path`; HEAD is answered wherever GET is."""
    found = [method for method in _METHODS if _answers(routes, path, method)]
    if "GET" in found and "HEAD" not in found:
        found.insert(1, "HEAD")
    return tuple(found)


def _answers(routes: Iterable[BaseRoute], path: str, method: str) -> bool:
    scope: Scope = {"type": "http", "path": path, "root_path": "", "method": method, "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)
