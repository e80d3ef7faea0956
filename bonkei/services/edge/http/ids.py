"""Ids that differ for each request, and are opaque to the reader."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, count
from struct import unpack

_DIGITS = 2  # in which the ids of a sheet differ
_ON_SHEET = 16**_DIGITS


def ids(
    digits: int, before: bytes = b"", after: bytes = b"", first_sheet: int | None = None
) -> Iterator[bytes]:
    """Endless different ids between two texts: `digits` hexadecimal digits, at least 6. They begin
    at a random number, or at that of `first_sheet`.

    Those of a sheet are written together, and then cut apart: one alone would cost much more.
    """
    sheets = 16 ** (digits - _DIGITS)
    ends = _ends(after)
    form = f"{len(before) + digits + len(after)}s" * _ON_SHEET

    def sheet(number: int) -> Iterable[bytes]:
        begin = b"%b%0*x" % (before, digits - _DIGITS, number % sheets)
        return unpack(form, begin.join(ends))

    first = secrets.randbelow(sheets) if first_sheet is None else first_sheet
    return chain.from_iterable(map(sheet, count(first)))


@lru_cache(maxsize=8)
def _ends(after: bytes) -> list[bytes]:
    """The ends of a sheet's ids, behind nothing, since there is a beginning between any two."""
    return [b"", *(b"%0*x%b" % (_DIGITS, number, after) for number in range(_ON_SHEET))]
