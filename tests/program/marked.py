"""Marked secrets for every input: no output of a program may contain one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import quote

import httpx

MARK = "m4rked-s3cret"
NAMES = (
    "password", "new_password", "current_password", "token", "api_key", "key", "secret", "session",
    "csrf", "csrf_token", "authorization",
)  # fmt: skip


class Marks:
    """Each input gets its own mark, so that a found mark identifies the input."""

    def __init__(self) -> None:
        self._numbers = count()
        self.given: dict[str, str] = {}

    def new(self, where: str) -> str:
        mark = f"{MARK}-{next(self._numbers)}"
        self.given[mark] = where
        return mark

    def found(self, text: str) -> list[str]:
        """The inputs whose marks a text contains."""
        return [where for mark, where in self.given.items() if mark in text]


def requests(
    marks: Marks, method: str, path: str, *, in_query: bool = True
) -> Iterator[httpx.Request]:
    """The same request with secrets in its headers, its query, and valid and invalid bodies."""

    def new(kind: str) -> str:
        return marks.new(f"{kind} of {method} {path}")

    query = "&".join(f"{name}={new(f'query {name}')}" for name in NAMES)
    headers = {
        "Authorization": f"Bearer {new('Authorization')}",
        "Cookie": f"session={new('Cookie')}; __Host-session={new('Cookie')}",
        "X-Api-Key": new("X-Api-Key"),
        "Proxy-Authorization": f"Basic {new('Proxy-Authorization')}",
    }
    yield httpx.Request(method, path, headers=headers)
    if in_query:
        yield httpx.Request(method, f"{path}?{query}")
    if method in ("GET", "DELETE", "HEAD"):
        return
    fields = {name: new(f"body {name}") for name in NAMES}
    yield httpx.Request(method, path, headers=headers, json={"username": "admin", **fields})
    yield httpx.Request(method, path, data={"username": "admin", **fields}, headers=headers)
    nested = {name: [new(f"list {name}")] for name in NAMES}
    yield httpx.Request(method, path, json={"username": 1, **nested})
    broken = '{"password": "' + new("broken JSON")
    yield httpx.Request(method, path, content=broken, headers={"Content-Type": "application/json"})
    form = f"password={quote(new('broken form'))}&%zz=%ff&password={new('broken form')}"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    yield httpx.Request(method, path, content=form, headers=kind)
