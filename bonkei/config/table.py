"""The tables of the settings file, and the keys that are not read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bonkei.base.errors import BonkeiError

_LIST = "docs/settings.md lists every setting"


class ConfigError(BonkeiError):
    """bonkei.toml or the environment is wrong. The message names the place."""


class Table:
    """One table of the file. Keys that are not read are an error."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self._values = dict(values)
        self._asked: list[str] = []
        self._place = place
        self._children: list[Table] = []

    def _take(self, key: str, kind: type, wanted: str, default: Any) -> Any:
        self._asked.append(key)
        value = self._values.pop(key, default)
        if value is None:
            raise ConfigError(f"{self._place}: `{key}` is missing", remedy=f"give it {wanted}")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError(f"{self._place}: `{key}` is {value!r}", remedy=f"give it {wanted}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, str, "a string", default))

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(
            key, list, "a list of strings", None if default is None else list(default)
        )
        if not all(isinstance(item, str) for item in value):
            raise ConfigError(
                f"{self._place}: `{key}` is {value!r}", remedy="give it a list of strings"
            )
        return tuple(value)

    def text_or_texts(self, key: str, default: str) -> str | tuple[str, ...]:
        """One, or several."""
        return (
            self.texts(key) if isinstance(self._values.get(key), list) else self.text(key, default)
        )

    def number(self, key: str, default: int) -> int:
        return int(self._take(key, int, "a number", default))

    def number_or_text(self, key: str, default: int) -> int | str:
        """A number, or a word that stands for one."""
        is_text = isinstance(self._values.get(key), str)
        return self.text(key) if is_text else self.number(key, default)

    def flag(self, key: str) -> bool:
        return bool(self._take(key, bool, "true or false", default=False))

    def table(self, key: str) -> Table:
        child = Table(self._take(key, dict, "a table", {}), f"{self._place}: [{key}]")
        self._children.append(child)
        return child

    def tables(self, key: str) -> tuple[Table, ...]:
        entries = self._take(key, list, f"tables: [[{key}]]", [])
        children = tuple(Table(entry, f"{self._place}: [[{key}]]") for entry in entries)
        self._children.extend(children)
        return children

    def named_tables(self) -> dict[str, Table]:
        return {name: self.table(name) for name in tuple(self._values)}

    def all_texts(self) -> dict[str, str]:
        return {key: self.text(key) for key in tuple(self._values)}

    def all_lists(self) -> dict[str, tuple[str, ...]]:
        return {key: self.texts(key) for key in tuple(self._values)}

    def everything(self) -> dict[str, Any]:
        """Return all remaining keys as TOML has them. They are not settings of Bonkei."""
        values, self._values = self._values, {}
        return values

    def done(self) -> None:
        for child in self._children:
            child.done()
        if self._values:
            unknown = ", ".join(f"`{key}`" for key in sorted(self._values))
            near = [one for key in self._values for one in get_close_matches(key, self._asked, 1)]
            raise ConfigError(
                f"{self._place}: {unknown} is not a setting",
                remedy=f"write {', '.join(near)}" if near else _LIST,
            )


def parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}", remedy="correct the TOML syntax there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
