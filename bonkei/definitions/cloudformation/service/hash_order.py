"""The order in which CloudFormation lists what it keeps by name: that of Java's HashMap.

LocalStack's recordings of AWS show it for parameters and resource types. The hash is that of
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/String.html#hashCode()
"""

from __future__ import annotations

from collections.abc import Collection


def hash_order(names: Collection[str], least: int = 16) -> list[str]:
    """`least`: the places that the map has at first; a power of two. It doubles when three quarters
    are taken. Those that share a place are in the order of their insertion."""
    places = least
    while len(names) * 4 > places * 3:
        places *= 2
    return sorted(names, key=lambda name: _spread(name) & (places - 1))


def _spread(name: str) -> int:
    found = 0
    for unit in memoryview(name.encode("utf-16-le")).cast("H"):
        found = (found * 31 + unit) & 0xFFFF_FFFF
    return found ^ (found >> 16)
