"""Forms as data: fields, values, faults."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
# The backend takes no control characters. A cell of a spreadsheet is copied with tabs, and a line
# of a word processor ends with a vertical one.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f]+")
_BREAKS = re.compile(r"\r\n|\x0b|\x0c")
_NO_TEXT_IN_LINES = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]+")

Kind = Literal["text", "lines", "choice", "check", "time", "password"]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str  # a message's name, or the words themselves


@dataclass(frozen=True, slots=True)
class Field:
    """`label` and `hint` are messages' names. `words` is a label with no message, such as a
    name."""

    name: str
    kind: Kind = "text"
    label: str = ""
    words: str = ""
    hint: str = ""
    required: bool = True
    at_least: int = 0
    at_most: int = 200
    choices: tuple[Choice, ...] = ()
    group: str = ""  # a message's name; neighbours with the same one share a fieldset
    autocomplete: str = "off"
    language: str = ""  # of the text to type


@dataclass(frozen=True, slots=True)
class Fault:
    """A message's name with its values, or the backend's own words."""

    message: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A field's value as it is saved now, after another person's change."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """The form to show: fields with values and faults; `general` is a fault of the whole form.

    `version`: of the thing that the form changes. `key`: the idempotency key; sent twice, the form
    takes effect once. `theirs`: the values that another administrator saved in the meantime.
    """

    fields: tuple[Field, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Fault] = field(default_factory=dict)
    general: Fault | None = None
    version: str = ""
    key: str = ""
    theirs: tuple[Theirs, ...] = ()

    @property
    def is_faulty(self) -> bool:
        return bool(self.faults) or self.general is not None

    @property
    def first_fault(self) -> str:
        """The name of the first faulty field, where the focus goes; empty if there is none."""
        return next((field.name for field in self.fields if field.name in self.faults), "")

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def optional(self, name: str) -> str | None:
        return self.values.get(name) or None

    def has(self, values: Mapping[str, str]) -> bool:
        """Whether these are its values; one that is missing is empty."""
        mine, others = ({n: v for n, v in each.items() if v} for each in (self.values, values))
        return mine == others

    def with_faults(self, faults: Mapping[str, Fault], general: Fault | None = None) -> Form:
        """Faults of unknown fields become the general fault, so that none is lost."""
        known = {field.name for field in self.fields}
        mine = {name: fault for name, fault in faults.items() if name in known}
        others = [fault for name, fault in faults.items() if name not in known]
        return replace(
            self, faults=mine, general=general or (others[0] if others else None), theirs=()
        )


def read_form(fields: Sequence[Field], data: Mapping[str, str]) -> Form:
    """Read and check the data sent. Values are trimmed, except passwords."""
    values = {one.name: _clean(one, data.get(one.name, "")) for one in fields}
    faults = {one.name: fault for one in fields if (fault := _fault(one, values[one.name]))}
    version, key = data.get("version", "")[:200], data.get("key", "")
    return Form(
        tuple(fields), values, faults, version=version, key=key if _KEY.fullmatch(key) else ""
    )


def blank(fields: Sequence[Field], values: Mapping[str, str] | None = None) -> Form:
    """A form that creates something, with a key of its own."""
    return Form(tuple(fields), values or {}, key=new_key())


def new_key() -> str:
    return secrets.token_urlsafe(18)


def _clean(one: Field, text: str) -> str:
    if one.kind == "password":
        return text
    if one.kind == "check":
        return "yes" if text else ""
    if one.kind == "lines":
        text = _BREAKS.sub("\n", text)
        return _NO_TEXT_IN_LINES.sub("", text).strip()
    return _NO_TEXT.sub(" ", text).strip()


def _fault(one: Field, value: str) -> Fault | None:
    if not value:
        return Fault("fault.required") if one.required else None
    if len(value) > one.at_most:
        return Fault("fault.too_long", {"most": one.at_most})
    if len(value) < one.at_least:
        return Fault("fault.too_short", {"least": one.at_least})
    if one.kind == "choice" and value not in {choice.value for choice in one.choices}:
        return Fault("fault.choice")
    if one.kind == "time" and parse_time(value) is None:
        return Fault("fault.time")
    return None


def parse_time(text: str) -> dt.datetime | None:
    """Parse the value of an `<input type="datetime-local">` as UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else None


def when(form: Form, name: str, start: dt.datetime | None = None) -> str:
    """The time of a field in the backend's format; empty if it has none.

    A form has whole minutes, and so have the pages: the minute of `start` is `start` itself, not
    the seconds before it.
    """
    moment = parse_time(form.text(name))
    if moment and start and write_time(moment) == write_time(start):
        moment = start
    return moment.isoformat() if moment else ""


def write_time(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M")


def choices_of(kind: type[StrEnum], prefix: str) -> tuple[Choice, ...]:
    return tuple(Choice(one.value, f"{prefix}.{one.value}") for one in kind)
