"""From a parsed request head to a `Request`, or a refusal.

llhttp with its leniencies off refuses bare line feeds and carriage returns, folded headers, white
space around names, bytes that names and targets may not hold, a Content-Length that is repeated,
signed, listed or overflows, Content-Length next to Transfer-Encoding, and malformed chunks. This
module refuses the rest that a proxy must refuse: other protocols and versions, a missing, repeated
or malformed Host, transfer codings besides chunked, chunked from HTTP/1.0, authority-form targets
and fragments.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bonkei.base.errors import BonkeiError
from bonkei.services.edge.http.message import Headers, Request, header

_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)([/?].*)?", re.IGNORECASE | re.DOTALL)

METHODS = frozenset(
    b"GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK "
    b"SEARCH REPORT CHECKOUT MERGE MKACTIVITY MKCALENDAR BIND UNBIND REBIND ACL LINK UNLINK PURGE "
    b"NOTIFY SUBSCRIBE UNSUBSCRIBE QUERY".split()
)

CONSOLE_COOKIE = b"bonkei_console_"
"""How the names of the consoles' cookies begin. Browsers send them to every port of the host, and
anyone who has one can use that console. So they do not enter the edge."""

_PROTECTED = frozenset({b"host", b"content-length", b"content-type", b"authorization", b"cookie"})
_CONNECTION_OPTIONS = frozenset({b"close", b"keep-alive", b"upgrade", b"te", b""})


class RefusedError(BonkeiError):
    """The request gets `status` and the connection is closed. It does not leave the edge."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


def make_request(
    method: bytes,
    target: bytes,
    version: str,
    headers: Headers,
    fields: dict[bytes, bytes],
    client: bytes,
) -> tuple[Request, bool]:
    """The request, and whether its connection may be kept. Raises `RefusedError`.

    400, 405, 501 and 505 as "Troubleshoot your Application Load Balancers" lists them.
    """
    if version == "1.1":
        http = b"1.1"
    elif version == "1.0":
        http = b"1.0"
    else:
        raise RefusedError(505)
    if method not in METHODS:
        raise RefusedError(405 if method in (b"TRACE", b"CONNECT") else 400)
    host = fields.get(b"host")
    if (host is None and http == b"1.1") or (host and not valid_host(host)):
        raise RefusedError(400)
    if target[:1] != b"/":
        target = _other_form(method, target, headers, fields)
    if b"#" in target:
        raise RefusedError(400)
    if CONSOLE_COOKIE in fields.get(b"cookie", b""):
        _drop_console_cookies(headers, fields)
    path, _, query = target.partition(b"?")
    request = Request(method, target, path, query, http, headers, fields, client)
    _frame(request, fields)
    connection = fields.get(b"connection")
    if connection is None:
        return request, http == b"1.1"
    return request, _connection(request, connection)


def _drop_console_cookies(headers: Headers, fields: dict[bytes, bytes]) -> None:
    kept, cookies = Headers(), list[bytes]()
    for each in headers:
        lower, value, line = each
        if lower != b"cookie":
            kept.append(each)
            continue
        pairs = (pair.strip() for pair in value.split(b";"))
        rest = b"; ".join(pair for pair in pairs if not pair.startswith(CONSOLE_COOKIE))
        if rest:
            cookies.append(rest)
            kept.append(header(line.partition(b":")[0], rest))
    headers[:] = kept
    del fields[b"cookie"]
    if cookies:
        fields[b"cookie"] = b"; ".join(cookies)


def _frame(request: Request, fields: dict[bytes, bytes]) -> None:
    """How the body is delimited."""
    if (length := fields.get(b"content-length")) is not None:
        request.length = int(length)
        request.has_body = request.length > 0
    if (coding := fields.get(b"transfer-encoding")) is not None:
        if coding.strip().lower() != b"chunked":
            raise RefusedError(501)
        if request.version == b"1.0":
            raise RefusedError(400)
        request.chunked = request.has_body = True


def _connection(request: Request, value: bytes) -> bool:
    """Drop the headers that Connection names: they are for this hop only (RFC 9110, 7.6.1)."""
    options = {option.strip() for option in value.lower().split(b",")}
    named = options - _CONNECTION_OPTIONS - _PROTECTED
    if named:
        request.headers = [each for each in request.headers if each[0] not in named]
        for name in named:
            request.fields.pop(name, None)
    if b"upgrade" in options and request.version == b"1.1":
        upgrade = request.fields.get(b"upgrade", b"").strip().lower()
        request.websocket = (
            upgrade == b"websocket" and request.method == b"GET" and not request.has_body
        )
    if request.version == b"1.1":
        return b"close" not in options
    return b"keep-alive" in options and b"close" not in options


def _other_form(
    method: bytes, target: bytes, headers: Headers, fields: dict[bytes, bytes]
) -> bytes:
    """Turn absolute form into origin form; its authority replaces Host (RFC 9112, section
    3.2.2)."""
    if target == b"*" and method == b"OPTIONS":
        return target
    match = _ABSOLUTE.fullmatch(target)
    if match is None or not valid_host(match[1]):
        raise RefusedError(400)
    authority, rest = match[1], match[2] or b"/"
    headers[:] = [each for each in headers if each[0] != b"host"]
    headers.insert(0, header(b"Host", authority))
    fields[b"host"] = authority
    return rest if rest[:1] == b"/" else b"/" + rest


@lru_cache(maxsize=1024)
def valid_host(host: bytes) -> bool:
    """Whether a Host header is a uri-host and an optional port (RFC 9110, section 7.2)."""
    return _HOST.fullmatch(host) is not None
