"""Header blocks that came before: what follows from their bytes alone is not worked out twice.

A client that keeps its connection sends nearly the same head again and again: another path, the
same headers. Only what llhttp and the checks of `head` have let through once is remembered, under
all of its bytes, so that a block that is known is one that would pass again. What depends on more
than the bytes - web ACLs, rates, routing, the cache, health - is decided anew for each request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonkei.edge.message import Headers

REQUEST_LINE = re.compile(rb"(GET|HEAD) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))?) HTTP/1\.1\r\n")
"""A request line that needs no further check; every other one is llhttp's and `head`'s to judge."""

_UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that say something of the connection or the body: such a request is always parsed."""

_BLOCKS = 256
_SEEN = 4096
_BYTES = 4096
_DERIVED = 16


class HeaderBlock:
    """The headers of a request, shared between all requests that have them: not to be changed.

    `derived` holds what the layers made of it, by whatever else that depends on.
    """

    __slots__ = ("derived", "fields", "headers", "size")

    def __init__(self, headers: Headers, fields: dict[bytes, bytes], size: int = 0) -> None:
        self.headers = headers
        self.fields = fields
        self.size = size  # bytes, as the limits of a head count them
        self.derived: dict[object, Any] = {}

    def keep(self, key: object, value: Any) -> Any:
        """Remember what a layer made of the block; clients and routings come and go."""
        if len(self.derived) >= _DERIVED:
            self.derived.clear()
        self.derived[key] = value
        return value


class KnownBlocks:
    """The blocks of one listener, by their bytes: a bounded number of a bounded size."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, HeaderBlock] = {}
        self._seen: set[int] = set()
        self.get = self._blocks.get

    def remember(
        self, data: bytes, headers: Headers, fields: dict[bytes, bytes], size: int
    ) -> None:
        """Keep the headers of a request that was parsed from `data`, if that was all of it.

        They have to come twice: most that are new never come again, and to keep those would cost
        more than it saves.
        """
        line = REQUEST_LINE.match(data)
        if line is None or _UNFIT & fields.keys():
            return
        block = data[line.end() :]
        if len(block) > _BYTES or block.find(b"\r\n\r\n") != len(block) - 4:
            return
        if first_time(self._seen, block, _SEEN):
            return
        if len(self._blocks) >= _BLOCKS:
            self._blocks.clear()
        self._blocks[block] = HeaderBlock(headers, fields, size)


def first_time(seen: set[int], data: bytes, limit: int) -> bool:
    """Whether `data` is new to `seen`. Hashes will do: what is remembered has all of its bytes."""
    digest = hash(data)
    if digest in seen:
        return False
    if len(seen) >= limit:
        seen.clear()
    seen.add(digest)
    return True
