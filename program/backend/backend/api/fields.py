"""Types for the members of the contract's models."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    SecretStr,
    Strict,
    StringConstraints,
)

# Nor what turns the direction of the rest of a line, which would hide a name ("Trojan Source",
# CVE-2021-42574).
_NO_CONTROL = "^[^\\x00-\\x1f\\x7f\u202a-\u202e\u2066-\u2069]*$"
_NO_CONTROL_BUT_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

# pydantic accepts more than the contract says: `false` and `"0"` for 0, a number for a time. JSON
# has types, and a caller that mixes them up should get an error.
_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)


def _must_match(pattern: re.Pattern[str], words: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(words)
        return value

    return BeforeValidator(check)


Id = Annotated[UUID, _must_match(_ID, "must be a UUID as text: 8-4-4-4-12 hexadecimal digits")]
# In a query everything is text, so only the format can be checked.
Count = Annotated[int, _must_match(_DIGITS, "must be a whole number in decimal digits")]

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_NO_CONTROL),
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_CONTROL),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=_NO_CONTROL_BUT_LINES)
]
Body = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=5000, pattern=_NO_CONTROL_BUT_LINES
    ),
]
Position = Annotated[int, Strict(), Field(ge=0, le=10_000)]
# PostgreSQL stores times that Python cannot read back; such a time would break every list.
Time = Annotated[
    AwareDatetime,
    _must_match(_RFC3339, "must be a time as RFC 3339 writes it, such as 2026-01-31T09:30:00Z"),
    Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), lt=dt.datetime(2100, 1, 1, tzinfo=dt.UTC)),
]
Username = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_CONTROL)]

NewUsername = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_NO_CONTROL),
]


def _is_text(secret: SecretStr) -> SecretStr:
    """Refuse half of a surrogate pair: JSON can carry it. pydantic checks only plain `str`."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be Unicode text") from None
    return secret


Password = Annotated[SecretStr, Field(min_length=1, max_length=128), AfterValidator(_is_text)]
NewPassword = Annotated[SecretStr, Field(min_length=12, max_length=128), AfterValidator(_is_text)]
