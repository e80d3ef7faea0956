"""The differences between two values of a resource, down to the part that differs.

JSON documents (container definitions, policies) are compared inside. Elements of a list are matched
by their `name` if each has one: an environment variable that is added in front changes one line,
not all that follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a resource. A sensitive part has no values; an unknown part has no `after`
    yet."""

    path: str
    before: Any = None
    after: Any = None
    sensitive: bool = False
    unknown: bool = False

    def render(self) -> str:
        """One line."""
        if self.sensitive:
            return f"{self.path}: (sensitive)"
        after = "(known after apply)" if self.unknown else _shown(self.after)
        return f"{self.path}: {_shown(self.before)} → {after}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "sensitive": self.sensitive,
            "unknown": self.unknown,
        }


def differences(change: Mapping[str, Any]) -> tuple[Difference, ...]:
    """From the `change` of a resource in `terraform show -json`. A part is sensitive when it was
    or will be."""
    before, after = change.get("before") or {}, change.get("after") or {}
    marks = [change.get(key, False) for key in ("before_sensitive", "after_sensitive")]
    return tuple(_walk("", before, after, change.get("after_unknown", False), marks))


def _walk(
    path: str, before: Any, after: Any, unknown: Any, marks: list[Any]
) -> Iterator[Difference]:
    if unknown is not True and before == after and not _any(unknown):
        return
    if any(mark is True for mark in marks):
        yield Difference(path, sensitive=True)
    elif unknown is True:
        yield Difference(path, before, unknown=True)
    else:
        parts = _parts(before, after)
        if parts is None:
            if before != after:
                yield Difference(path, before, after)
            return
        for step, key_before, key_after in parts:
            yield from _walk(
                path + step if path or step[0] == "[" else step.removeprefix("."),
                _part(before, key_before),
                _part(after, key_after),
                _part(unknown, key_after),
                [_part(marks[0], key_before), _part(marks[1], key_after)],
            )


_Key = str | int | None
_Parts = list[tuple[str, _Key, _Key]]


def _parts(before: Any, after: Any) -> _Parts | None:
    """Return the steps into two values and their keys in each, or None when they are compared as a
    whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [(f".{key}", key, key) for key in sorted(before.keys() | after.keys())]
    if not _holds_objects(before) or not _holds_objects(after):
        return None
    old, new = _positions(before), _positions(after)
    if old is not None and new is not None:
        return [(f"[{name}]", old.get(name), new.get(name)) for name in {**old, **new}]
    count = max(len(before), len(after))
    return [(f"[{number}]", number, number) for number in range(count)]


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _positions(values: list[dict[str, Any]]) -> dict[str, int] | None:
    """Return the position of each element by name, or None unless all have distinct names."""
    names = [each.get("name") for each in values]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    return {str(name): position for position, name in enumerate(names)}


def _part(value: Any, key: _Key) -> Any:
    """Return a part of a value, or of the marks that go with it. A mark applies to all parts or to
    each."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict) and isinstance(key, str):
        return _document(value.get(key))
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return _document(value[key])
    return None


def _document(value: Any) -> Any:
    """Parse a JSON string. The result is None unless it is an object or a list."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _any(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(map(_any, mark.values()))
    if isinstance(mark, list):
        return any(map(_any, mark))
    return mark is True


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
