"""Generates characters that look random but follow from a seed."""

from __future__ import annotations

import hashlib
import string

HEX = "0123456789abcdef"
DIGITS = string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
ALPHANUMERIC = string.ascii_letters + string.digits


def scatter(seed: str, length: int, alphabet: str) -> str:
    """Return `length` characters of the alphabet, evenly spread. The same seed gives the same
    characters."""
    number = int.from_bytes(hashlib.shake_256(seed.encode()).digest(length + 16), "big")
    characters = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        characters.append(alphabet[digit])
    return "".join(characters)
