"""A target's bytes as a response: llhttp, the bounds on a head, and what is for one hop only."""

from __future__ import annotations

from typing import Protocol

import httptools

from bonkei.edge.message import HOP_BY_HOP, Headers

HEAD_LIMIT = 32 * 1024
"""Bytes of a response's head, or trailer; more is malformed ("HTTP 502: Bad gateway", Troubleshoot
your Application Load Balancers)."""

_USUAL = frozenset({b"", b"keep-alive,", b"close,"})


class ResponseEvents(Protocol):
    """What is told of the response."""

    def head_received(self, parser: ResponseParser) -> bool:
        """The final head came and passed. Whether a body may follow."""

    def body_received(self, data: bytes) -> None:
        """The next bytes of the body, without their chunking."""


class ResponseParser:
    """Feed it what a target sends in answer to one request, then `reset` it for the next.

    Once `complete`, `keeps` tells whether the connection may be used again. `length` and `chunked`
    are those of the head; `began` is false until a byte came.
    """

    __slots__ = (
        "_events", "_fed", "_options", "_parser", "began", "chunked", "complete", "head_done",
        "headers", "keeps", "length", "reason", "status",
    )  # fmt: skip

    def __init__(self, events: ResponseEvents) -> None:
        self._events = events
        self._parser = httptools.HttpResponseParser(self)
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
        self.complete = False
        self.keeps = False
        self._options = b""  # of Connection
        self._fed = 0  # bytes of what is no body, since the head or a part of the body was complete

    def feed(self, data: bytes) -> bytes | None:
        """Parse; what follows a switch of protocols is given back, else None.

        Raises `ValueError` for what is no response.
        """
        self.began = True
        self._fed += len(data)
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
        return None

    @property
    def until_end(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return self.head_done and self.length is None and not self.chunked

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        if self.complete:
            self.keeps = False  # a second response to one request
        elif self.status:
            self.headers = []  # the final response after an informational one
            self.reason = self._options = b""

    def on_status(self, reason: bytes) -> None:
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
        if status < 200:
            return
        if status > 599:
            raise ValueError(status)
        if self._fed > HEAD_LIMIT and sum(len(line) for _, _, line in self.headers) > HEAD_LIMIT:
            raise ValueError("the head is too long")
        self.head_done = True
        self._fed = 0
        if self._options not in _USUAL:
            self._drop_named()
        if not self._events.head_received(self):
            # llhttp cannot be told that no body follows: this parser ends here.
            self.complete = True
            self.keeps = self._parser.get_http_version() == "1.1" and not self._closes()
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.keeps = False
        elif self.head_done:
            self._fed = 0
            self._events.body_received(data)

    def on_message_complete(self) -> None:
        if self.status >= 200 and not self.complete:
            self.complete = True
            self.keeps = self._parser.should_keep_alive() and not self._closes()

    def _closes(self) -> bool:
        return b"close" in self._options

    def _drop_named(self) -> None:
        """A header that Connection names is for this hop only (RFC 9110, section 7.6.1)."""
        named = {option.strip() for option in self._options.split(b",")}
        self.headers = [each for each in self.headers if each[0] not in named]
