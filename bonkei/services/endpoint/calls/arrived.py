"""The head of a call, as the port has received it."""

from __future__ import annotations

from aiohttp import web

from bonkei.services.endpoint.calls.request import Request


def read_head(incoming: web.BaseRequest) -> Request:
    """Header names in lower case. Bytes that are not UTF-8 become surrogates."""
    path, _, query = incoming.raw_path.partition("?")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape"))
        for name, value in incoming.raw_headers
    )
    return Request(incoming.method, path, query, headers)


def is_signed(request: Request) -> bool:
    """Whether it has a signature of AWS, in its headers or its query."""
    authorization = request.header.get("authorization", "")
    return authorization.startswith("AWS") or "X-Amz-Signature" in request.query
