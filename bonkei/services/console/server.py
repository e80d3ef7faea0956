"""The HTTP side: the page's files, `/data/TOPIC`, `/live?topic=…` and `/do/ACTION`."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from bonkei.base.errors import BonkeiError
from bonkei.services.console import guard
from bonkei.services.console.feed import Feed, Look
from bonkei.services.console.guard import Asked, Keys, Refusal
from bonkei.services.console.values import Action, ConsoleError, as_json

_LONGEST_BODY = 256 * 1024
_GLANCE = 1.0  # seconds until a closed browser is noticed
_PATIENCE = 30.0  # seconds until a browser that reads nothing is disconnected


class Handler:
    """Answers every request. The guard checks each one first."""

    def __init__(self, keys: Keys, feed: Feed, actions: Mapping[str, Action]) -> None:
        self._keys = keys
        self._feed = feed
        self._actions = actions

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = _asked(request, self._keys)
        refusal = guard.judge(asked, self._keys)
        if refusal is not None:
            return _refused(asked, refusal)
        if guard.brings_token(asked, self._keys):
            return self._let_in()
        path = request.path
        if request.method == "POST":
            return await self._do(path, request)
        if path == "/live":
            return await self._live(request)
        if path.startswith("/data/"):
            query = request.query_string
            key = path.removeprefix("/data/") + (f"?{query}" if query else "")
            return _json(b"{" + await self._feed.state(key) + b"}")
        return _file(request)

    def _let_in(self) -> web.StreamResponse:
        """The token is removed from the address, and so from the browser's history."""
        keys = self._keys
        answer = web.Response(status=303, headers={**guard.HEADERS, "Location": "/"})
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(keys.cookie_name, keys.cookie, httponly=True, samesite="Strict", path="/")
        return answer

    async def _do(self, path: str, request: web.BaseRequest) -> web.StreamResponse:
        action = self._actions.get(path.removeprefix("/do/"))
        if action is None or not path.startswith("/do/"):
            return _error(404, f"there is no action {path}", "reload the page")
        try:
            body = json.loads(await _body(request))
        except (ValueError, RecursionError):
            return _error(400, "the body is not JSON", "")
        if not isinstance(body, dict):
            return _error(400, "the body is not a JSON object", "")
        try:
            result = await action(body)
        except BonkeiError as error:
            return _error(409, error.message, error.remedy)
        except (KeyError, TypeError, ValueError) as error:
            return _error(400, f"the action does not understand its body: {error!r}", "")
        return _json(as_json(result))

    async def _live(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            look = self._feed.look(request.query.getall("topic", []))
        except ConsoleError as error:
            return _error(429, error.message, error.remedy)
        answer = web.StreamResponse(headers=guard.HEADERS)
        answer.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        answer.headers["Cache-Control"] = "no-store"
        try:
            await answer.prepare(request)
            await _send_news(look, answer, request)
        except (ConnectionError, TimeoutError):
            pass  # it is closed, or it does not read: it sends a new request when it is back
        finally:
            look.close()
        return answer


async def _send_news(look: Look, answer: web.StreamResponse, request: web.BaseRequest) -> None:
    """Send changes until the look or the browser is closed."""
    while request.transport is not None and not request.transport.is_closing():
        try:
            async with asyncio.timeout(_GLANCE):
                news = await look.news()
        except TimeoutError:
            continue
        if not news:
            return
        for one in news:
            await _write(answer, b"data: " + one + b"\n\n")


async def _write(answer: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_PATIENCE):
        await answer.write(data)


def _asked(request: web.BaseRequest, keys: Keys) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        path=request.path,
        host=headers.get("Host", ""),
        origin=headers.get("Origin", ""),
        site=headers.get("Sec-Fetch-Site", ""),
        mode=headers.get("Sec-Fetch-Mode", ""),
        token=request.query.get("token", ""),
        cookie=request.cookies.get(keys.cookie_name, ""),
        marker=headers.get(guard.MARKER, ""),
        content_type=headers.get("Content-Type", ""),
    )


async def _body(request: web.BaseRequest) -> bytes:
    content = bytearray()
    async for part in request.content.iter_any():
        content += part
        if len(content) > _LONGEST_BODY:
            raise ValueError("too long")
    return bytes(content)


def _file(request: web.BaseRequest) -> web.StreamResponse:
    found = find_file(request.path)
    if found is None:
        return _error(404, f"there is no {request.path}", "")
    headers = {**guard.HEADERS, "Cache-Control": "no-cache", "ETag": found.tag}
    if request.headers.get("If-None-Match") == found.tag:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = found.type
    return web.Response(body=found.content, headers=headers)


def _json(content: bytes, status: int = 200) -> web.Response:
    headers = {
        **guard.HEADERS,
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
    }
    return web.Response(status=status, body=content, headers=headers)


def _error(status: int, error: str, remedy: str) -> web.Response:
    return _json(as_json({"error": error, "remedy": remedy}), status)


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="color-scheme" content="light dark"><title>Bonkei console</title>
<h1>This browser has not been let in</h1>
<p>Open the console's address with its token: <code>bonkei status</code> shows it.</p>
<p>Have you just opened it from another page? <a href="/">Continue</a>.</p>
<p lang="ja">トークン付きのアドレスで開いてください。
<code>bonkei status</code> が表示します。</p></html>
"""


def _refused(asked: Asked, refusal: Refusal) -> web.Response:
    """A page for a person without access, JSON for programs."""
    if refusal.status == 401 and asked.path == "/" and asked.method == "GET":
        headers = {**guard.HEADERS, "Content-Type": "text/html; charset=utf-8"}
        headers["Cache-Control"] = "no-store"
        return web.Response(status=401, body=_PAGE.encode(), headers=headers)
    return _error(refusal.status, refusal.error, refusal.remedy)


def answers(handler: Handler) -> Any:
    """The handler for aiohttp's server. An HTTP error becomes a response."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except HTTPException as error:
            return _error(error.status, error.reason, "")

    return answer


_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    type: str
    tag: str  # of its content, as an ETag


def find_file(path: str) -> StaticFile | None:
    """One of the page's own files, by the path of a URL; `/` is the page itself. The path must name
    a file exactly: no path is put together."""
    file = _names().get("/index.html" if path == "/" else path)
    return _read(file, file.stat().st_mtime_ns) if file is not None else None


@cache
def _names() -> Mapping[str, Path]:
    return {
        f"/{file.relative_to(_STATIC).as_posix()}": file
        for file in _STATIC.rglob("*")
        if file.suffix in _TYPES
    }


_cached: dict[Path, tuple[int, StaticFile]] = {}


def _read(file: Path, changed: int) -> StaticFile:
    """Kept in memory until the file changes, because it may be edited."""
    known = _cached.get(file)
    if known is not None and known[0] == changed:
        return known[1]
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    found = StaticFile(content, _TYPES[file.suffix], f'"{digest}"')
    _cached[file] = changed, found
    return found
