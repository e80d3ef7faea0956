"""Ids that differ for each request, and are opaque to the reader."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator

_DIGITS = 3  # of the part that is written in advance


def ids(digits: int, before: bytes = b"", after: bytes = b"") -> Iterator[bytes]:
    """Endless different ids between two texts: `digits` hexadecimal digits, at least 6. They begin
    at a random number, and the last digits are written in advance: one id costs an addition."""
    most = 16 ** (digits - _DIGITS)
    written = [b"%0*x%b" % (_DIGITS, number, after) for number in range(16**_DIGITS)]
    for number in itertools.count(secrets.randbelow(most)):
        begin = b"%b%0*x" % (before, digits - _DIGITS, number % most)
        for end in written:
            yield begin + end
