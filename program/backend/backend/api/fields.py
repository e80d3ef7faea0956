"""What members of the contract's models may hold."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, StringConstraints

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
_NO_CONTROL_BUT_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

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
Position = Annotated[int, Field(ge=0, le=10_000)]
# PostgreSQL stores times that Python cannot read back, and then no list could be shown any more.
Time = Annotated[
    AwareDatetime,
    Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), lt=dt.datetime(2100, 1, 1, tzinfo=dt.UTC)),
]
Username = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_CONTROL)]


def _is_text(secret: SecretStr) -> SecretStr:
    """JSON can carry half of a surrogate pair, which is no text; pydantic looks at plain `str`."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be Unicode text") from None
    return secret


Password = Annotated[SecretStr, Field(min_length=1, max_length=128), AfterValidator(_is_text)]
NewPassword = Annotated[SecretStr, Field(min_length=12, max_length=128), AfterValidator(_is_text)]
