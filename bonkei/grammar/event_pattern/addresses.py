"""The operator `cidr`, and texts that are IP addresses."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

from bonkei.grammar.event_pattern.values import EventPatternError, Test, require_text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FOUR = re.compile(r"[0-9]+(\.[0-9]+){3}")
_SIX = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


def address_of(text: str) -> Address | None:
    if not (_FOUR.fullmatch(text) or _SIX.fullmatch(text)):
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def cidr(argument: Any) -> Test:
    text = require_text(argument, "prefix")  # so says Event Ruler
    if text.count("/") != 1:
        raise EventPatternError("Malformed CIDR, one '/' required")
    given, _, bits = text.partition("/")
    if not re.fullmatch(r"[0-9]{1,9}", bits):
        raise EventPatternError("Malformed CIDR, mask bits must be an integer")
    address = address_of(given)
    if address is None:
        raise EventPatternError(f"Nonstandard IP address: {given}")
    if int(bits) >= address.max_prefixlen:
        mask = f"IPv{address.version} mask bits must be < {address.max_prefixlen}"
        raise EventPatternError(mask)
    network = ipaddress.ip_network(text, strict=False)  # the host's bits are ignored
    first, last = _digits(network[0]), _digits(network[-1])

    def test(found: Any) -> bool:
        """Event Ruler compares digits, and stops at the first that tells. So a number is within
        0.0.0.0/0, and an address of the other kind may be.
        """
        if isinstance(found, str):
            other = address_of(found)
            given = "" if other is None else _digits(other)
        else:
            given = re.findall("^[0-9]*", json.dumps(found))[0]
        return any(
            first[:end] < given[:end] < last[:end]
            or (end == len(first) and given[:end] in (first, last))
            for end in range(1, min(len(given), len(first)) + 1)
        )

    return test


def _digits(address: Address) -> str:
    return f"{int(address):0{address.max_prefixlen // 4}X}"
