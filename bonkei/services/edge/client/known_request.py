"""Known requests: results that depend on a head's bytes alone are computed once.

A client that keeps its connection repeatedly sends nearly the same head: exactly the same one, or
another path with the same headers. A head is remembered under all of its bytes, after llhttp and
the checks of `head` have let it through; so a known head would pass again. Everything that depends
on more than the bytes (web ACLs, rates, the cache, health) is decided for each request, by the
prepared request.
"""

from __future__ import annotations

import re

from bonkei.services.edge.http.exchange import Handler, Prepared
from bonkei.services.edge.http.message import HeaderBlock, Headers, Request
from bonkei.services.edge.http.plain_head import UNFIT, PlainRequests
from bonkei.services.edge.http.seen import Seen

REQUEST_LINE = re.compile(rb"(GET|HEAD) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*)|)) HTTP/1\.1\r\n")
"""A request line that needs no further check; llhttp and `head` check every other one."""

Block = tuple[bytes, bytes, bytes]
"""A head's bytes behind its first line, the method, and the client's address."""

_REQUESTS = 512
_BLOCKS = 256
_BYTES = 4096


KnownRequest = tuple[Request, Prepared, Handler]
"""A request without a body, seen before (whole or by its headers), and how it is answered, by whom.
"""


class KnownRequests:
    """The known requests and headers of one listener, bounded in number and size.

    They are kept from the second time on: most never come again, and keeping those would cost more
    than it saves.
    """

    def __init__(self, longest_target: int, plain: PlainRequests | None = None) -> None:
        self._longest_target = longest_target
        self._plain = plain
        self._requests: dict[bytes, KnownRequest] = {}
        self._blocks: dict[Block, HeaderBlock] = {}
        self._seen_requests, self._seen_blocks = Seen(), Seen()
        self.missed: Block | None = None  # the headers that the last `find` did not know

    def find(self, data: bytes, handler: Handler, client: bytes) -> KnownRequest | None:
        """The request that is exactly `data`, if it needs no parser: it is known, or plain."""
        known = self._requests.get(data)
        if known is not None and known[2] is handler and known[0].client == client:
            return known
        self.missed = None
        line = REQUEST_LINE.match(data)
        if line is None:
            return None
        method, target, path, query = line.groups(b"")
        key = data[line.end() :], method, client
        block = self._blocks.get(key)
        if len(target) > self._longest_target:
            return None
        if block is None:
            return self._read_plain(key, (method, target, path, query), handler)
        request = Request(method, target, path, query, b"1.1", block.headers, block.fields, client)
        request.size = block.size + len(target)
        request.block = block
        known = request, handler.prepare(request), handler
        if len(data) <= _BYTES and self._seen_requests.again(data):
            if len(self._requests) >= _REQUESTS:
                self._requests.clear()
            self._requests[data] = known
        return known

    def _read_plain(
        self, key: Block, line: tuple[bytes, bytes, bytes, bytes], handler: Handler
    ) -> KnownRequest | None:
        """A request with unknown headers. If they are not plain, they have been missed."""
        lines, method, client = key
        plain = self._plain.read(lines, method, client) if self._plain is not None else None
        if plain is None:
            self.missed = key
            return None
        headers, fields, shape = plain
        size = len(lines)
        if self._seen_blocks.again(key):
            self._keep(key, HeaderBlock(headers, fields, size))
        _, target, path, query = line
        request = Request(method, target, path, query, b"1.1", headers, fields, client)
        request.size = size + len(target)
        request.shape = shape
        return request, handler.prepare(request), handler

    def learn(
        self, block: Block | None, headers: Headers, fields: dict[bytes, bytes], size: int
    ) -> None:
        """Keep a parsed request under the headers that `find` did not know; `size` in bytes, as the
        limits of a head count them."""
        if block is None or UNFIT & fields.keys():
            return
        lines = block[0]
        if len(lines) > _BYTES or lines.find(b"\r\n\r\n") != len(lines) - 4:
            return  # the bytes held more than the request
        if not self._seen_blocks.again(block):
            return
        self._keep(block, HeaderBlock(headers, fields, size))

    def _keep(self, key: Block, block: HeaderBlock) -> None:
        if len(self._blocks) >= _BLOCKS:
            self._blocks.clear()
        self._blocks[key] = block
