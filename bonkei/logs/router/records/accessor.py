"""Record accessors: `$log`, `$kubernetes['labels']['app']`, `$list[0]`, `$TAG`, `$TAG[1]`.

Source: "Record accessor" (administration/configuring-fluent-bit/classic-mode/record-accessor).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from bonkei.logs.router.records import Record

_STEP = re.compile(r"\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_WHOLE = re.compile(r"\$([^\[\]$]+)((?:\[(?:'[^']*'|\"[^\"]*\"|\d+)\])*)")
_IN_TEXT = re.compile(r"\$(TAG|\w+)((?:\[(?:'[^']*'|\"[^\"]*\"|\d+)\])*)")

Get = Callable[[Record], Any]
MISSING = object()


def accessor(text: str) -> Get:
    """A function from a record to a value, or MISSING. A text without `$` is a key."""
    match = _WHOLE.fullmatch(text)
    if match is None or not text.startswith("$"):
        return lambda record: record.get(text, MISSING)
    name, steps = match[1], _steps(match[2])
    if not steps:
        return lambda record: record.get(name, MISSING)

    def get(record: Record) -> Any:
        return _walk(record.get(name, MISSING), steps)

    return get


def _steps(text: str) -> list[str | int]:
    return [
        int(found[3]) if found[3] is not None else (found[1] if found[1] is not None else found[2])
        for found in _STEP.finditer(text)
    ]


def _walk(value: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        try:
            if isinstance(value, dict if isinstance(step, str) else list):
                value = value[step]  # type: ignore[index]
            else:
                return MISSING
        except (KeyError, IndexError):
            return MISSING
    return value


def text_of(value: Any) -> str | None:
    """A value as the text that rules compare; None if it has no such text."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:f}"
    return None


def template(text: str, *, whole: bool = False) -> Callable[[str, Record, Sequence[str]], str]:
    """A text with accessors to a tag, a record and the groups of a match (`$0`, `$1`).

    A missing value is empty. With `whole`, a missing value makes the whole text empty.
    """
    parts: list[str | tuple[str, list[str | int]]] = []
    end = 0
    for found in _IN_TEXT.finditer(text):
        parts += [text[end : found.start()], (found[1], _steps(found[2]))]
        end = found.end()
    parts.append(text[end:])

    def fill(tag: str, record: Record, groups: Sequence[str]) -> str:
        filled = [
            part if isinstance(part, str) else _filled(part[0], part[1], tag, record, groups)
            for part in parts
        ]
        if whole and any(
            not isinstance(p, str) and not f for p, f in zip(parts, filled, strict=True)
        ):
            return ""
        return "".join(filled)

    return fill


def _filled(
    name: str, steps: Sequence[str | int], tag: str, record: Record, groups: Sequence[str]
) -> str:
    if name == "TAG":
        if not steps:
            return tag
        pieces = tag.split(".")
        index = steps[0]
        return pieces[index] if isinstance(index, int) and index < len(pieces) else ""
    if name.isdecimal():
        return groups[int(name)] if int(name) < len(groups) else ""
    return text_of(_walk(record.get(name, MISSING), steps)) or ""
