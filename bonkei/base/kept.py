"""Files whose content exists nowhere else. They are written as a whole, read as a whole, or
reported as damaged.

A power failure, a full disk or an editor can leave a file empty, cut or garbled. Such a file never
counts as an empty one, because the next write would then replace what a copy could bring back.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bonkei.base.errors import BonkeiError

T = TypeVar("T")
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError)


class DamagedError(BonkeiError):
    """A file is empty, cut or garbled. It stays as it is."""

    def __init__(self, file: Path, problem: str, without: str = "") -> None:
        """`without` says what else helps if there is no copy of the file."""
        self.file = file
        self.problem = problem
        self.without = without
        remedy = "put back a copy of the file"
        super().__init__(
            f"{file} is damaged: {problem}", remedy=f"{remedy}; {without}" if without else remedy
        )


def write(file: Path, content: str | bytes, *, synced: bool = True) -> None:
    """Write the whole file or nothing; only its owner can read it. It is on the disk when this
    returns, if `synced`: that takes milliseconds, and without it a power failure may lose the
    newest content. Raises OSError."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    data = content.encode() if isinstance(content, str) else content
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(data)
            opened.flush()
            if synced:
                os.fsync(opened.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)  # a full disk needs the space
        raise


def read_json(file: Path, load: Callable[[Any], T], without: str = "") -> T | None:
    """Pass a file's document to `load` and return the result, or None if there is no file. Raises
    DamagedError, also when `load` raises ValueError, TypeError, KeyError or AttributeError."""
    try:
        return load(parsed(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except _MALFORMED as error:
        raise DamagedError(file, problem_of(error), without) from None


def parsed(text: str) -> Any:
    """Parse a JSON text. Raises ValueError."""
    if not text.strip("\0 \r\n\t"):
        raise ValueError("it is empty")
    return json.loads(text)


def problem_of(error: Exception) -> str:
    """Describe why a file could not be read."""
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON ({error})"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    if isinstance(error, AttributeError):
        return "it does not hold what it should"
    if isinstance(error, KeyError):
        return f"{error} is missing in it"
    return str(error)


def load(kind: type[T], value: Any) -> T:
    """A value of a frozen dataclass, from the result of `asdict` and JSON. Members that it does not
    know are left out. Raises TypeError, ValueError, AttributeError."""
    loaded: T = _load(kind, value)
    return loaded


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _load(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        given = {
            one.name: _load(hints[one.name], value[one.name])
            for one in fields(kind)
            if one.name in value
        }
        return kind(**given)
    origin, inside = get_origin(kind), get_args(kind)
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return tuple(_load(inside[0], each) for each in value)
    if origin is tuple:
        return tuple(_load(one, each) for one, each in zip(inside, value, strict=True))
    if origin in (Union, UnionType):
        (only,) = (each for each in inside if each is not type(None))
        return None if value is None else _load(only, value)
    if origin is Mapping:
        return {name: _load(inside[1], each) for name, each in value.items()}
    if kind is Path:
        return Path(value)
    wrong = value not in inside if origin is Literal else not isinstance(value, _kinds(kind))
    if wrong:
        raise TypeError(f"{value!r} is not a {getattr(kind, '__name__', kind)}")
    return value


def _kinds(kind: Any) -> tuple[type, ...]:
    return (object,) if kind is Any else (int, float) if kind is float else (kind,)
