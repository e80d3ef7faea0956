"""Requests that came before: what follows from their bytes alone is not worked out twice.

A client that keeps its connection sends nearly the same head again and again: the same one whole,
or another path with the same headers. Only what llhttp and the checks of `head` have let through
once is remembered, under all of its bytes, so that a head that is known is one that would pass
again. What depends on more than the bytes - web ACLs, rates, the cache, health - is decided anew
for each request, by its plan.
"""

from __future__ import annotations

import re

from bonkei.edge.http.exchange import Handler, Plan
from bonkei.edge.http.message import HeaderBlock, Headers, Request
from bonkei.edge.http.seen import first_time

REQUEST_LINE = re.compile(rb"(GET|HEAD) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))?) HTTP/1\.1\r\n")
"""A request line that needs no further check; every other one is llhttp's and `head`'s to judge."""

_UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that say something of the connection or the body: such a request is always parsed."""

_REQUESTS = 512
_BLOCKS = 256
_SEEN = 4096
_BYTES = 4096


class KnownRequest:
    """A request without a body that came before, or whose headers did, and what is done with it."""

    __slots__ = ("client", "handler", "plan", "request")

    def __init__(self, request: Request, handler: Handler) -> None:
        self.request = request
        self.handler = handler
        self.plan: Plan = handler.plan(request)
        self.client = request.client


class KnownRequests:
    """The requests of one listener and their headers, a bounded number of a bounded size.

    Either has to come twice before it is kept: most that are new never come again, and to keep
    those would cost more than it saves.
    """

    def __init__(self, longest_target: int) -> None:
        self._longest_target = longest_target
        self._requests: dict[bytes, KnownRequest] = {}
        self._blocks: dict[bytes, HeaderBlock] = {}
        self._seen_requests: set[int] = set()
        self._seen_blocks: set[int] = set()
        self.missed: bytes | None = None  # the headers that `find` has just looked for in vain

    def find(self, data: bytes, handler: Handler, client: bytes) -> KnownRequest | None:
        """The request that is all of `data`, if it need not be parsed."""
        known = self._requests.get(data)
        if known is not None and known.handler is handler and known.client == client:
            return known
        self.missed = None
        line = REQUEST_LINE.match(data)
        if line is None:
            return None
        rest = data[line.end() :]
        block = self._blocks.get(rest)
        if block is None:
            self.missed = rest
            return None
        method, target, path, query = line.groups(b"")
        if len(target) > self._longest_target:
            return None
        request = Request(method, target, path, query, b"1.1", block.headers, block.fields, client)
        request.size = block.size + len(target)
        request.block = block
        known = KnownRequest(request, handler)
        if len(data) <= _BYTES and not first_time(self._seen_requests, data, _SEEN):
            if len(self._requests) >= _REQUESTS:
                self._requests.clear()
            self._requests[data] = known
        return known

    def learn(
        self, block: bytes | None, headers: Headers, fields: dict[bytes, bytes], size: int
    ) -> None:
        """Keep what was parsed of headers that `find` had missed; `size` in bytes, as the limits
        of a head count them."""
        if block is None or _UNFIT & fields.keys():
            return
        if len(block) > _BYTES or block.find(b"\r\n\r\n") != len(block) - 4:
            return  # it was not all of what came
        if first_time(self._seen_blocks, block, _SEEN):
            return
        if len(self._blocks) >= _BLOCKS:
            self._blocks.clear()
        self._blocks[block] = HeaderBlock(headers, fields, size)
