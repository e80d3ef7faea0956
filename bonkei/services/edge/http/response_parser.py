"""A target's bytes as a response: llhttp, the limits of a head, hop-by-hop headers."""

from __future__ import annotations

import httptools

from bonkei.services.edge.http.message import HOP_BY_HOP, Headers
from bonkei.services.edge.http.message import reason as usual_reason
from bonkei.services.edge.http.response_head import ResponseHead

HEAD_LIMIT = 32 * 1024
"""Bytes of a response's head or trailer. A longer one is malformed ("HTTP 502: Bad gateway",
Troubleshoot your Application Load Balancers)."""

_PROTOCOL = b"HTTP/"  # llhttp reads RTSP and ICE, too
_CONTROL = bytes({*range(0x20), 0x7F} - {0x09})
"""A reason has none of these bytes (RFC 9112, section 4)."""
_USUAL = frozenset({b"", b"keep-alive,", b"close,"})


class ResponseParser:
    """Parses a target's response to one request. `reset` it for the next one.

    `began`: a byte has arrived. `head_done`: the head of the final response is complete. `body`:
    the body's bytes in the last piece, without chunking. `complete`: the response is; then `keeps`
    is whether the connection may be used again.
    """

    __slots__ = (
        "_fed", "_head_only", "_more", "_options", "_parser", "_start", "began", "body", "chunked",
        "complete", "head_done", "headers", "keeps", "length", "reason", "status",
    )  # fmt: skip

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._more: list[bytes] = []  # further chunks of the body in one piece
        self.reset()

    def reset(self) -> None:
        """Expect the response to another request."""
        self.headers: Headers = []
        self.status = 0
        self.reason = b""
        self.length: int | None = None
        self.chunked = False
        self.began = False
        self.head_done = False
        self.body = b""
        self.complete = False
        self.keeps = False
        self._options = b""  # of Connection
        self._fed = 0  # bytes of the current head, chunk line or trailer
        self._start = b""  # the first bytes

    def feed(self, data: bytes, *, head_only: bool) -> bytes | None:
        """Parse. Returns the bytes behind a switch of protocols, else None. `head_only`: no body
        follows, even if the head announces one.

        Raises `ValueError` for malformed bytes.
        """
        self._head_only = head_only
        self.began = True
        self.body = b""
        self._fed += len(data)
        if len(self._start) < len(_PROTOCOL):
            self._start += data[: len(_PROTOCOL) - len(self._start)]
            if not _PROTOCOL.startswith(self._start):
                raise ValueError("another protocol")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self.complete:
                return data[upgrade.args[0] :]
            self.keeps = False
        except httptools.HttpParserError as error:
            if not self.complete:
                raise ValueError("malformed") from error
            self.keeps = False
        if self._fed > HEAD_LIMIT and not self.complete:
            raise ValueError("the head or the trailer is too long")
        if self._more:
            self.body = b"".join((self.body, *self._more))
            self._more.clear()
        return None

    @property
    def until_end(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return self.head_done and self.length is None and not self.chunked

    def whole_head(self) -> ResponseHead | None:
        """The head of a complete response, if the client gets the same Content-Length. None for a
        204 or a response without a body."""
        length = self.length
        if length is None or self.chunked or self.status == 204 or len(self.body) != length:
            return None
        reason = self.reason or usual_reason(self.status)
        return ResponseHead(self.status, reason, self.headers, length)

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        if self.complete:
            self.keeps = False  # a second response to one request
        elif self.status:
            self.headers = []  # the final response after an informational one
            self.reason = self._options = b""

    def on_status(self, reason: bytes) -> None:
        if not self.complete:  # not that of a second response
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head_done:
            return  # a trailer, or a second response
        lower = name.lower()
        if lower in HOP_BY_HOP:
            if lower == b"transfer-encoding":
                if value.strip().lower() != b"chunked":
                    raise ValueError(value)
                self.chunked = True
            elif lower == b"connection":
                self._options += value.lower() + b","
        elif lower == b"content-length":
            self.length = int(value)
        else:
            self.headers.append((lower, value, b"%b: %b\r\n" % (name, value)))

    def on_headers_complete(self) -> None:
        if self.head_done:
            return
        status = self.status = self._parser.get_status_code()
        if 100 <= status < 200:
            return
        if status < 100 or status > 599:
            raise ValueError(status)
        if self._fed > HEAD_LIMIT and sum(len(line) for _, _, line in self.headers) > HEAD_LIMIT:
            raise ValueError("the head is too long")
        if self.reason.translate(None, _CONTROL) != self.reason:
            self.reason = usual_reason(status)
        self.head_done = True
        self._fed = 0
        if self._options not in _USUAL:
            self._drop_named()
        if self._head_only:
            # llhttp has no way to expect no body here: this parser ends.
            self.complete = True
            self.keeps = self._parser.get_http_version() == "1.1" and not self._closes()
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.keeps = False
        elif self.head_done:
            self._fed = 0
            if self.body:
                self._more.append(data)
            else:
                self.body = data

    def on_message_complete(self) -> None:
        if self.status >= 200 and not self.complete:
            self.complete = True
            self.keeps = self._parser.should_keep_alive() and not self._closes()

    def _closes(self) -> bool:
        return b"close" in self._options

    def _drop_named(self) -> None:
        """Drop the headers that Connection names: they are for this hop only (RFC 9110, 7.6.1)."""
        named = {option.strip() for option in self._options.split(b",")}
        self.headers = [each for each in self.headers if each[0] not in named]
