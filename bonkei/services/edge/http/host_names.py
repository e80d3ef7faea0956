"""The names that a listener answers to.

Any website can point its own name to 127.0.0.1 (DNS rebinding). The browser then lets its pages
read and send anything there. Such a request can be recognized by its Host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.pattern import any_matcher

_KNOWN = 256
_LONGEST = 256  # bytes of a Host that is remembered


class HostNames:
    """The loopback names (localhost, *.localhost, 127.0.0.0/8, [::1]) and the given names, with
    wildcards. Case, the port and a dot at the end do not count. The answer for a Host that came
    before is remembered, for a limited number of them: the names never change."""

    def __init__(self, names: Iterable[str]) -> None:
        self._named = any_matcher([name.rstrip(".") for name in names], ignore_case=True)
        self._known: dict[bytes, bool] = {}

    def have(self, request: Request) -> bool:
        """Whether the request's Host is one of them; false without a Host."""
        known = self._known.get(request.fields.get(b"host", b""))
        return self._find_out(request) if known is None else known

    def _find_out(self, request: Request) -> bool:
        host = host_name(request).removesuffix(b".")
        found = is_loopback(host) or (host != b"" and self._named(host))
        given = request.fields.get(b"host", b"")
        if len(self._known) >= _KNOWN:
            self._known.clear()
        if len(given) <= _LONGEST:
            self._known[given] = found
        return found


def host_name(request: Request) -> bytes:
    """The Host header without its port."""
    host = request.fields.get(b"host", b"")
    if host.endswith(b"]") or b":" not in host:
        return host
    return host.rpartition(b":")[0]


@lru_cache(maxsize=1024)
def is_loopback(host: bytes) -> bool:
    """Whether a name, or an address as a browser writes it, can mean this machine only."""
    name = host.decode("latin-1").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
