"""Reads the text of a directive: a flag, a size, a time, quoted words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from bonkei.services.logs.router.configuration.model import Property, Section
from bonkei.services.logs.router.errors import RouterError

T = TypeVar("T")
_FLAGS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_SIZE = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?")
_TIME = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*([smhd]?)")
_POWERS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}  # decimal: flb_utils_size_to_bytes
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def replace_variables(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME}` by its value."""
    return _VARIABLE.sub(lambda match: variables.get(match[1], ""), text)


def flag(section: Section, name: str, *, default: bool) -> bool:
    """on, true, yes; off, false, no."""
    return _read(section, name, default, lambda text: _FLAGS[text.lower()], "on or off")


def size(section: Section, name: str, default: int) -> int:
    """Bytes, from `10M`, `512K`, `2G` or a number."""
    read = partial(_scaled, _SIZE, _POWERS)
    return int(_read(section, name, float(default), read, "a size such as 10M"))


def seconds(section: Section, name: str, default: float) -> float:
    """Seconds, from `60s`, `10m`, `1h` or a number."""
    return _read(section, name, default, partial(_scaled, _TIME, _SECONDS), "a time such as 60s")


def number(section: Section, name: str, default: int) -> int:
    return _read(section, name, default, int, "a whole number")


def decimal(section: Section, name: str, default: float) -> float:
    return _read(section, name, default, float, "a number")


def _read(section: Section, name: str, default: T, read: Callable[[str], T], wanted: str) -> T:
    found = section.find(name)
    if found is None:
        return default
    try:
        return read(found.value)
    except (ValueError, KeyError):
        raise _refused(found, wanted) from None


def _scaled(form: re.Pattern[str], units: Mapping[str, int], text: str) -> float:
    """A number with its unit. Raises ValueError for another form."""
    found = form.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return float(found[1]) * units[found[2].lower()]


def retry_limit(section: Section, default: int) -> int | None:
    """How often a delivery is repeated; None: without a limit."""
    found = section.find("retry_limit")
    if found is None:
        return default
    match found.value.lower():
        case "no_limits" | "false" | "off":
            return None
        case "no_retries":
            return 0
        case text if text.isdecimal() and int(text) > 0:
            return int(text)
    raise _refused(found, "a number above 0, no_limits or no_retries")


def plain_key(found: Property, key: str) -> str:
    """A key of the record itself: the reader has no record accessors."""
    if key.startswith("$"):
        raise RouterError(
            f"{found.place}: {key} is a record accessor, which is not known here",
            remedy="name a key, or install fluent-bit, which knows them",
        )
    return key


def words(text: str, count: int) -> list[str]:
    """The first `count` words of a text (quoted ones may hold spaces); the last takes the rest."""
    found: list[str] = []
    rest = text.strip()
    while rest and len(found) < count - 1:
        match = _WORD.match(rest)
        if match is None:
            break
        found.append(match[2] if match[1] is None else match[1].replace('\\"', '"'))
        rest = rest[match.end() :].lstrip()
    if rest:
        last = _WORD.fullmatch(rest)
        found.append(last[1].replace('\\"', '"') if last and last[1] is not None else rest)
    return found


def _refused(found: Property, wanted: str) -> RouterError:
    return RouterError(
        f"{found.place}: {found.name} is {found.value!r}", remedy=f"give it {wanted}"
    )
