"""The Lambda runtime API for one execution environment, on its own loopback port.

Source: "Using the Lambda runtime API for custom runtimes" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bonkei.services.lambda_.outcome import LARGEST, Invocation

HOST = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime/"
_ROOM = 64 * 1024  # bytes above a payload's limit that are read before a response is refused


@dataclass(frozen=True, slots=True)
class Reply:
    """A post of the client. `kind`: response | error | init error | too large."""

    kind: str
    body: bytes
    error_type: str = ""
    request_id: str = ""


class RuntimeApi:
    """`function_arn` is sent with each invocation. Users await `first_asked` and `replied`."""

    def __init__(self, function_arn: str) -> None:
        self._arn = function_arn
        self._runner: web.ServerRunner | None = None
        self._pending: asyncio.Queue[tuple[Invocation, float]] = asyncio.Queue(maxsize=1)
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._current = ""
        self.first_asked = asyncio.Event()
        self.address = ""

    async def start(self) -> None:
        # A request for the next event stops waiting when its process has ended.
        server = web.Server(self._serve, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.address = f"{HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def hand_over(self, invocation: Invocation, deadline: float) -> None:
        """Give the client its next invocation. `deadline` is in Unix seconds."""
        self._current = invocation.request_id
        await self._pending.put((invocation, deadline))

    async def replied(self) -> Reply:
        """The client's next post: about the invocation, or about its initialization."""
        return await self._replies.get()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(_PREFIX)
        answer: Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
        if (request.method, path) == ("GET", "invocation/next"):
            answer = self._next
        elif (request.method, path) == ("POST", "init/error"):
            answer = self._init_error
        elif request.method == "POST" and path.startswith("invocation/"):
            answer = self._reply
        else:
            return _say(404, "InvalidRequest", f"there is no {request.method} {request.path}")
        return await answer(request, path)

    async def _next(self, _request: web.BaseRequest, _path: str) -> web.Response:
        self.first_asked.set()
        invocation, deadline = await self._pending.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Content-Type": "application/json",
        }
        if invocation.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = invocation.trace_id
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.payload or b"{}", headers=headers)

    async def _init_error(self, request: web.BaseRequest, _path: str) -> web.Response:
        body = await _body(request)
        self._replies.put_nowait(Reply("init error", body, _error_type(request, body)))
        return _accepted()

    async def _reply(self, request: web.BaseRequest, path: str) -> web.Response:
        _, request_id, kind = (*path.split("/"), "", "")[:3]
        if request_id != self._current or kind not in ("response", "error"):
            return _say(400, "InvalidRequestID", f"{request_id} is not being invoked")
        self._current = ""
        body = await _body(request)
        if len(body) > LARGEST:
            size = int(request.headers.get("Content-Length", len(body)))
            self._replies.put_nowait(Reply("too large", str(size).encode(), "", request_id))
            return _say(413, "RequestEntityTooLarge", f"the response has {size} bytes")
        error_type = _error_type(request, body) if kind == "error" else ""
        self._replies.put_nowait(Reply(kind, body, error_type, request_id))
        return _accepted()


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body, or enough to show that it is too large. The rest is read and dropped."""
    kept = bytearray()
    async for chunk in request.content.iter_any():
        if len(kept) <= LARGEST + _ROOM:
            kept += chunk
    return bytes(kept)


def _error_type(request: web.BaseRequest, body: bytes) -> str:
    try:
        named = json.loads(body).get("errorType", "")
    except (ValueError, AttributeError, RecursionError):
        named = ""
    return str(named or request.headers.get("Lambda-Runtime-Function-Error-Type", "Unhandled"))


def _accepted() -> web.Response:
    return web.json_response({"status": "OK"}, status=202)


def _say(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"errorType": kind, "errorMessage": message}, status=status)
