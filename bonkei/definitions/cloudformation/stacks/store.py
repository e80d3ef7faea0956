"""Stacks on disk, one file for each. A file is replaced as a whole, so it is never half written."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Protocol

from bonkei.base import kept
from bonkei.base.folders import bytes_of, matching
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.stacks.values import Stack

MOST_DELETED = 100
"""How many deleted stacks are remembered. AWS remembers them for 90 days."""


class Store(Protocol):
    """Where stacks are kept."""

    def load(self) -> list[Stack]: ...

    def put(self, stack: Stack) -> None: ...

    def forget(self, stack: Stack) -> None: ...


class FileStore:
    """Keeps stacks in one directory, which is created with the first stack. Only the owner can read
    the files, because they contain hidden parameters."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self) -> list[Stack]:
        """Load the stacks in order of creation. Raises TemplateError for a file that is not
        ours."""
        found = []
        for file in matching(self._directory, "*.json"):
            if (content := bytes_of(file)) is None:
                continue
            try:
                found.append(kept.load(Stack, kept.parsed(content)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                what = f"{file} is not a stack's file: {error}"
                remedy = (
                    "remove it: the stack is forgotten, and the next start removes its resources"
                )
                raise TemplateError(what, remedy=remedy) from None
        return sorted(found, key=lambda stack: stack.created)

    def put(self, stack: Stack) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._file(stack)
        kept.write_json(file, stack, default=_fields, separators=(",", ":"))

    def forget(self, stack: Stack) -> None:
        self._file(stack).unlink(missing_ok=True)

    def _file(self, stack: Stack) -> Path:
        return self._directory / f"{stack.name}.{stack.id.rpartition('/')[2]}.json"


def _fields(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
