"""Files whose content exists nowhere else. They are written as a whole, read as a whole, or
reported as damaged.

A power failure, a full disk or an editor can leave a file empty, cut or garbled. Such a file never
counts as an empty one, because the next write would then replace what a copy could bring back.

A JSON document ends with a seal: a member with a digest of all that stands before it. It is in the
file itself, so it is right after a kill at any moment, on every file system and in every copy, and
the file remains JSON for other programs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
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
_NAME = b'"bonkei seal": "'
_SEAL = re.compile(rb",? " + _NAME + rb'(\w*)\.([0-9a-f]{32})"}\s*\Z')
_REMAINS = re.compile(_NAME + rb'|"([0-9a-f]{16})?\.[0-9a-f]{32}"}\s*\Z')
"""One changed byte of a seal leaves one of them."""
_LONGEST_SEAL = 120
_BROKEN = 'its seal does not fit: a part has changed (if you have changed it, remove "bonkei seal")'
run = ""
"""The seals of this process name it (`miniature.manifest`): an older copy names another one."""


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


def write_json(file: Path, document: Any, *, synced: bool = True, **form: Any) -> int:
    """The same for an object's JSON, with a seal. `form`: as of `json.dumps`. Returns the size."""
    content = sealed(json.dumps(document, **form).encode())
    write(file, content, synced=synced)
    return len(content)


def sealed(content: bytes) -> bytes:
    """The JSON text of an object, with a seal as its last member. Another text stays as it is."""
    if not content.rstrip().endswith(b"}"):
        return content
    head = content.rstrip().removesuffix(b"}").rstrip()
    head += (b"" if head.endswith(b"{") else b",") + b" " + _NAME + run.encode() + b"."
    return head + digest(head).encode() + b'"}'


def unsealed(content: bytes) -> bytes:
    """The text without its seal, if it has one: earlier versions and people write none. Raises
    ValueError if the seal is not right."""
    found = _SEAL.search(content, max(0, len(content) - _LONGEST_SEAL))
    if found is None:
        if _REMAINS.search(content, max(0, len(content) - _LONGEST_SEAL)):
            raise ValueError(_BROKEN)
        return content
    if digest(content[: found.start(2)]).encode() != found[2]:
        raise ValueError(_BROKEN)
    return content[: found.start()] + b"}"


def run_of(content: bytes) -> str:
    """The run that has sealed it; empty if it does not say so."""
    found = _SEAL.search(content, max(0, len(content) - _LONGEST_SEAL))
    return found[1].decode() if found else ""


def digest(content: bytes) -> str:
    """What tells a changed content from the one that was written."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def read_json(file: Path, load: Callable[[Any], T], without: str = "") -> T | None:
    """Pass a file's document to `load` and return the result, or None if there is no file. Raises
    DamagedError, also when `load` raises ValueError, TypeError, KeyError or AttributeError."""
    try:
        return load(parsed(file.read_bytes()))
    except FileNotFoundError:
        return None
    except _MALFORMED as error:
        raise DamagedError(file, problem_of(error), without) from None


def parsed(content: bytes) -> Any:
    """Parse a JSON text, sealed or not. Raises ValueError."""
    if not content.strip(b"\0 \r\n\t"):
        raise ValueError("it is empty")
    return json.loads(unsealed(content).decode())


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
