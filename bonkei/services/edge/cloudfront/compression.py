"""CloudFront's compression ("Serve compressed files", Amazon CloudFront Developer Guide)."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable

import brotli

from bonkei.services.edge.http.message import Headers, header, value_of

SMALLEST, LARGEST = 1_000, 10_000_000
"""Smallest and largest size of an object that is compressed, in bytes."""

_INLINE = 128 * 1024
"""Bytes compressed on the event loop. Larger bodies are compressed in a thread."""

STATUSES = frozenset({200, 403, 404})

TYPES = frozenset(
    b"""
application/dash+xml application/eot application/font application/font-sfnt
application/javascript application/json application/opentype application/otf
application/pdf application/pkcs7-mime application/protobuf application/rss+xml
application/truetype application/ttf application/vnd.apple.mpegurl
application/vnd.mapbox-vector-tile application/vnd.ms-fontobject application/wasm
application/xhtml+xml application/xml application/x-font-opentype application/x-font-truetype
application/x-font-ttf application/x-httpd-cgi application/x-javascript application/x-mpegurl
application/x-opentype application/x-otf application/x-perl application/x-ttf font/eot
font/opentype font/otf font/ttf image/svg+xml text/css text/csv text/html text/javascript text/js
text/plain text/richtext text/tab-separated-values text/xml text/x-component text/x-java-source
text/x-script vnd.apple.mpegurl
""".split()
)


def compressible(status: int, headers: Headers, length: int | None) -> bool:
    """Whether a response has a type and a size that are compressed; it needs a Content-Length."""
    if length is None or not SMALLEST <= length <= LARGEST or status not in STATUSES:
        return False
    if value_of(headers, b"content-encoding") is not None:
        return False
    kind = value_of(headers, b"content-type") or b""
    return kind.partition(b";")[0].strip().lower() in TYPES


def compress(body: bytes, accepted: bytes) -> tuple[bytes, bytes]:
    """The coding (Brotli where both are accepted) and the compressed body."""
    if accepted.startswith(b"br"):
        return b"br", brotli.compress(body, quality=4)
    return b"gzip", gzip.compress(body, compresslevel=6, mtime=0)


def compress_soon(body: bytes, accepted: bytes, done: Callable[[bytes, bytes], None]) -> None:
    """Compress at once, or in a thread if it would block the event loop for long. `done` is called
    with the coding and the compressed body."""
    if len(body) <= _INLINE:
        done(*compress(body, accepted))
        return
    work = asyncio.get_running_loop().run_in_executor(None, compress, body, accepted)
    work.add_done_callback(lambda result: done(*result.result()))


def compressed_headers(headers: Headers, coding: bytes) -> Headers:
    """The headers of the compressed response: a strong ETag becomes weak, an invalid one is
    removed."""
    changed: Headers = []
    for each in headers:
        lower, value, _ = each
        if lower == b"etag" and value.startswith(b'"'):
            changed.append(header(b"ETag", b"W/" + value))
        elif lower == b"etag" and not value.startswith(b"W/"):
            continue
        elif lower not in (b"accept-ranges", b"vary"):
            changed.append(each)
    vary = value_of(headers, b"vary")
    names = b"Accept-Encoding" if vary is None else vary
    if b"accept-encoding" not in names.lower():
        names += b", Accept-Encoding"
    changed.append(header(b"Vary", names))
    changed.append(header(b"Content-Encoding", coding))
    return changed
