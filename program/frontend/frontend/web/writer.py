"""Formats values for one language; templates use it beside the catalogue."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from markupsafe import Markup

from frontend import language as languages
from frontend.language import Language, catalogue


class Titled(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def title_ja(self) -> str | None: ...


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def name_ja(self) -> str | None: ...


class Writer:
    """Returned texts are escaped (Markup), or the template escapes them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._t = catalogue(language)

    def text(self, english: str, japanese: str | None) -> Markup:
        """The text in this language; an English fallback is marked as English."""
        if self.language is Language.ENGLISH:
            return Markup("{}").format(english)
        if japanese:
            return Markup("{}").format(japanese)
        return Markup('<span lang="en">{}</span>').format(english)

    def plain(self, english: str, japanese: str | None) -> str:
        return japanese if japanese and self.language is Language.JAPANESE else english

    def title(self, thing: Titled) -> Markup:
        return self.text(thing.title, thing.title_ja)

    def name(self, thing: Named) -> Markup:
        return self.text(thing.name, thing.name_ja)

    def time(self, moment: dt.datetime) -> Markup:
        """UTC in words; the script turns it into the visitor's own time."""
        utc = moment.astimezone(dt.UTC)
        return Markup('<time datetime="{}">{}</time>').format(
            f"{utc:%Y-%m-%dT%H:%M:%SZ}", languages.format_moment(self.language, utc)
        )

    def moment(self, moment: dt.datetime) -> str:
        return languages.format_moment(self.language, moment)

    def date(self, day: dt.date) -> str:
        return languages.format_date(self.language, day)

    def month(self, day: dt.date) -> str:
        return languages.format_month(self.language, day)

    def duration(self, seconds: float) -> str:
        return languages.format_duration(self.language, seconds)

    def between(self, start: dt.datetime, end: dt.datetime) -> str:
        return self.duration((end - start).total_seconds())

    def percent(self, share: float) -> str:
        """Never rounded up: 99.999 is not 100."""
        return f"{int(share * 100) / 100:.2f}".removesuffix("0").removesuffix(".0") + "%"

    def names(self, things: tuple[Named, ...]) -> Markup:
        joint = Markup("{}").format(self._t("list.separator"))
        return joint.join(self.name(thing) for thing in things)
