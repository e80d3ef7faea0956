"""Requests that came before: what follows from their bytes alone is not worked out twice.

A client that keeps its connection sends nearly the same head again and again: the same one whole,
or another path with the same headers. Only what llhttp and the checks of `head` have let through
once is remembered, under all of its bytes, so that a head that is known is one that would pass
again. What depends on more than the bytes - web ACLs, rates, the cache, health - is decided anew
for each request, by its plan.
"""

from __future__ import annotations

import re

from bonkei.edge.exchange import Handler, Plan
from bonkei.edge.message import HeaderBlock, Headers, Request
from bonkei.edge.seen import first_time

REQUEST_LINE = re.compile(rb"(GET|HEAD) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))?) HTTP/1\.1\r\n")
"""A request line that needs no further check; every other one is llhttp's and `head`'s to judge."""

_UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that say something of the connection or the body: such a request is always parsed."""

_REQUESTS = 512
_BLOCKS = 256
_SEEN = 4096
_BYTES = 4096


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


class KnownRequest:
    """A request without a body that may come again, byte for byte, and what `handler` does then."""

    __slots__ = ("client", "handler", "plan", "request")

    def __init__(self, request: Request, handler: Handler, plan: Plan) -> None:
        self.request = request
        self.handler = handler
        self.plan = plan
        self.client = request.client


class KnownRequests:
    """The requests of one listener, by their bytes: a bounded number of a bounded size."""

    def __init__(self) -> None:
        self._requests: dict[bytes, KnownRequest] = {}
        self._seen: set[int] = set()
        self.get = self._requests.get

    def remember(self, data: bytes, request: Request, handler: Handler, plan: Plan) -> None:
        """Keep a request that comes for the second time."""
        if len(data) > _BYTES or first_time(self._seen, data, _SEEN):
            return
        if len(self._requests) >= _REQUESTS:
            self._requests.clear()
        self._requests[data] = KnownRequest(request, handler, plan)
