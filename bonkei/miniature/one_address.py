"""Values on a machine with one loopback address, where each port of a name has a port of its own.

Names have become addresses of 127.77 already, on which nothing answers here. With their port they
become 127.0.0.1 and the port here. One without a port beside it stays, and is refused: at the port
that the program knows, a server of the user's may listen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import TypeAlias

HERE = "127.0.0.1"
Ports: TypeAlias = Mapping[tuple[str, int], int]
"""(address of 127.77, port of the definitions) -> the port here."""

_USUAL = {"http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "redis": 6379}
_PLACE = re.compile(
    r"(?:\b([A-Za-z]\w*)[+\w]*://(?:[^/?#@\s]*@)?)?(?<![\d.])(127\.77\.\d+\.\d+)(?::(\d+))?"
)


def translate(value: str, ports: Ports) -> str:
    """Each address with its port; of a URL without one, the scheme's."""

    def here(found: re.Match[str]) -> str:
        scheme, host, port = found.groups()
        number = ports.get((host, int(port or _USUAL.get(scheme or "", 0))))
        before = found[0][: found.start(2) - found.start()]
        return f"{before}{HERE}:{number}" if number else found[0]

    return _PLACE.sub(here, value)


def translate_beside(
    values: Mapping[str, str], ports: Ports, kept: frozenset[str]
) -> tuple[dict[str, str], dict[str, bool]]:
    """All variables of a program. A variable that is an address alone (`DB_HOST`) and the one with
    its port (`DB_PORT`) become those here together. `kept`: addresses whose port is the same here.
    The second answer has the variables without their port, and whether they lead there."""
    given = {name: translate(value, ports) for name, value in values.items()}
    here, alone = dict(given), dict[str, bool]()
    for name, value in given.items():
        numbers = {str(port): str(number) for (at, port), number in ports.items() if at == value}
        near = _port_beside(name, given, numbers)
        if near and here[near] in (given[near], numbers[given[near]]):
            here |= {name: HERE, near: numbers[given[near]]}
        elif value in kept:
            here[name], alone[name] = HERE, True
        elif any(found[3] is None for found in _PLACE.finditer(value)):
            alone[name] = False
    return here, alone


def _port_beside(host: str, values: Mapping[str, str], numbers: Mapping[str, str]) -> str:
    """The variable with one of these ports whose name begins most like the host's."""
    named = [name for name, value in values.items() if value in numbers and "port" in name.lower()]
    return max(
        (name for name in named if name != "PORT"), key=lambda n: _alike(n, host), default=""
    )


def _alike(one: str, other: str) -> int:
    return len([*takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))])
