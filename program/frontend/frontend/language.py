"""The languages of the site: their messages, their place in the URL, their way to write a date.

The language is in the path (`/…` English, `/ja/…` Japanese), since CloudFront caches one answer per
URL. The administrators' area is not cached and keeps the language in the visit (see `admin`).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

_DIRECTORY = Path(__file__).parent / "messages"


class Language(StrEnum):
    ENGLISH = "en"
    JAPANESE = "ja"

    @property
    def prefix(self) -> str:
        """The prefix of a public page's path."""
        return "" if self is Language.ENGLISH else f"/{self.value}"

    def path(self, rest: str) -> str:
        """`/history` in this language."""
        return self.prefix + rest


def language_of(path: str) -> Language:
    """The language of a public page's path."""
    for language in Language:
        if language.prefix and (path == language.prefix or path.startswith(f"{language.prefix}/")):
            return language
    return Language.ENGLISH


def preferred(accept_language: str) -> Language:
    """The first language of an Accept-Language header that the site speaks (weights by order)."""
    for part in accept_language.split(","):
        wanted = part.split(";")[0].strip().lower().split("-")[0]
        if wanted in set(Language):
            return Language(wanted)
    return Language.ENGLISH


class Catalogue:
    """The messages of one language, by dotted name: `catalogue("incident.lasted", duration="…")`.

    A message with a `count` has two forms, `….one` and `….other`; Japanese has only `other`.
    """

    def __init__(self, language: Language, messages: Mapping[str, str]) -> None:
        self.language = language
        self.messages = messages

    def __call__(self, name: str, /, **values: object) -> str:
        """Raises KeyError for a message that does not exist: a fault of the caller's."""
        if "count" in values:
            single = f"{name}.one"
            name = single if values["count"] == 1 and single in self.messages else f"{name}.other"
        message = self.messages[name]
        return message.format_map(values) if values else message

    def or_words(self, name: str, words: str) -> str:
        """The message, or `words` if there is none: a later backend may send unknown names."""
        return self.messages.get(name, words)

    def has(self, name: str) -> bool:
        return name in self.messages


_catalogues: dict[Language, Catalogue] = {}


def catalogue(language: Language) -> Catalogue:
    """The messages of one language. ValueError names a file that is not TOML."""
    if not _catalogues:
        read_catalogues()
    return _catalogues[language]


def read_catalogues() -> None:
    """Read the messages, all or none."""
    _catalogues.update({language: _read(language) for language in Language})


def _read(language: Language) -> Catalogue:
    file = _DIRECTORY / f"{language.value}.toml"
    try:
        messages = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"messages/{file.name}: {error}") from error
    return Catalogue(language, dict(_flatten("", messages)))


def _flatten(prefix: str, table: Mapping[str, object]) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat += _flatten(f"{prefix}{key}.", value)
        else:
            flat.append((prefix + key, str(value)))
    return flat


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def format_date(language: Language, day: dt.date) -> str:
    """`25 November 2026`, `2026年11月25日`."""
    if language is Language.JAPANESE:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_month(language: Language, day: dt.date) -> str:
    if language is Language.JAPANESE:
        return f"{day.year}年{day.month}月"
    return f"{_MONTHS[day.month - 1]} {day.year}"


def format_moment(language: Language, moment: dt.datetime) -> str:
    """`25 November 2026, 14:05 UTC`; never without the zone."""
    utc = moment.astimezone(dt.UTC)
    separator = " " if language is Language.JAPANESE else ", "
    return f"{format_date(language, utc.date())}{separator}{utc:%H:%M} UTC"


def format_duration(language: Language, seconds: float) -> str:
    """`3 d 4 h`, `2 h 5 min`; rounded to whole minutes, at least one."""
    minutes = max(1, round(seconds / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    units = ("日", "時間", "分") if language is Language.JAPANESE else (" d", " h", " min")
    amounts = (days, hours, 0 if days else minutes)
    joint = "" if language is Language.JAPANESE else " "
    return joint.join(f"{n}{unit}" for n, unit in zip(amounts, units, strict=True) if n)
