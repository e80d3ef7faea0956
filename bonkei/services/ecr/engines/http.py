"""The server behind the `docker` command of a build, as Docker's daemon is behind Docker's.

`POST /_engine/build`, with a token that only builds with `privileged_mode` get. The body is a line
of JSON (the order) and the context, a compressed tar archive. The answer is lines of JSON: `log`,
then one of `failed`, `packaged` (why no engine builds it), or `image` with the manifest. Then each
blob follows, as a line with its `blob` and `size`, and its bytes.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from bonkei.services.ecr.engines.builder import Builder
from bonkei.services.ecr.engines.values import NotBuilt, Order, Saved, read_order
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.unpacking import extract

PREFIX = "/_engine/"
_CONTEXT = 1024 * 1024 * 1024
_HEAD = 1024 * 1024
_CHUNK = 256 * 1024
_LOOK = 0.5  # seconds between two looks whether the client is still there


async def answer(builder: Builder, token: str, request: web.BaseRequest) -> web.StreamResponse:
    """Answer every request below `/_engine/`."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return web.json_response({"failed": "only a privileged build may use it"}, status=403)
    if request.method != "POST" or request.path != f"{PREFIX}build":
        return web.json_response({"failed": "it only builds"}, status=404)
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    work = builder.work_folder()
    building = asyncio.ensure_future(_build(builder, request, response, work))
    try:
        while not building.done():
            await asyncio.wait({building}, timeout=_LOOK)
            transport = request.transport
            if transport is None or transport.is_closing():
                building.cancel()
                break
        with suppress(ConnectionError, asyncio.CancelledError):
            await building
            await response.write_eof()
    finally:
        building.cancel()
        await asyncio.wait({building})
        await builder.forget(work)
    return response


async def _build(
    builder: Builder, request: web.BaseRequest, response: web.StreamResponse, work: Path
) -> None:
    lines = _Lines(response)
    writing = asyncio.create_task(lines.flow())
    built: Saved | None = None
    try:
        result = await _result(builder, request, work, lines.say)
        if isinstance(result, Saved):
            built = result
            lines.send({"image": result.manifest.decode()})
        else:
            lines.send({"failed" if builder.is_strict else "packaged": result.reason})
    except RegistryError as error:
        lines.send({"failed": error.message})
    except OSError as error:
        lines.send({"failed": f"this machine cannot build: {error.strerror or error}"})
    except BaseException:
        writing.cancel()
        raise
    lines.end()
    await writing
    if built is not None:
        await _send(response, built)


async def _result(
    builder: Builder, request: web.BaseRequest, work: Path, say: Callable[[str], None]
) -> Saved | NotBuilt:
    engine = await builder.engine()
    order, context = await _receive(request, work)
    if isinstance(engine, NotBuilt):
        return engine
    host, port = request.get_extra_info("sockname")[:2]
    order = replace(order, place=f"{host}:{port}")
    return await builder.build(engine, order, context, work, say)


async def _receive(request: web.BaseRequest, work: Path) -> tuple[Order, Path]:
    """Read the order, and unpack the context into a folder."""
    head, is_complete, total = b"", False, 0
    packed, context = work / "context.tar.gz", work / "context"
    with packed.open("wb") as file:
        async for chunk in request.content.iter_any():
            rest = chunk
            if not is_complete:
                head, newline, rest = (head + chunk).partition(b"\n")
                is_complete = bool(newline)
                if len(head) > _HEAD:
                    raise RegistryError("SIZE_INVALID", "the order is too large")
            total += len(rest)
            if total > _CONTEXT:
                raise RegistryError("SIZE_INVALID", "the context is too large")
            file.write(rest)
    try:
        order = read_order(json.loads(head))
    except ValueError as error:
        raise RegistryError("UNSUPPORTED", f"the order cannot be read: {error}") from None
    context.mkdir()
    try:
        await asyncio.to_thread(_unpack, packed, context)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise RegistryError("UNSUPPORTED", f"the context cannot be read: {error}") from None
    packed.unlink()
    return order, context


def _unpack(packed: Path, context: Path) -> None:
    with packed.open("rb") as content:
        extract(content, context)


class _Lines:
    """Lines for the client, sent in their order by one task."""

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, text: str) -> None:
        self.send({"log": text})

    def send(self, line: dict[str, Any]) -> None:
        self._waiting.put_nowait(json.dumps(line).encode() + b"\n")

    def end(self) -> None:
        self._waiting.put_nowait(None)

    async def flow(self) -> None:
        while (line := await self._waiting.get()) is not None:
            await self._response.write(line)


async def _send(response: web.StreamResponse, image: Saved) -> None:
    for digest, file in image.blobs:
        line = {"blob": digest, "size": file.stat().st_size}
        await response.write(json.dumps(line).encode() + b"\n")
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                await response.write(chunk)
