"""The stand-in for Slack: an incoming webhook on loopback.

It accepts and refuses the same messages as Slack's webhook: "Sending messages using incoming
webhooks" (error handling) and "Rate limits" on docs.slack.dev. Limits of blocks are in "Reference:
blocks" there.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bonkei.services.slack.store import Entry, Inbox

HOST = "127.0.0.1"
_LARGEST = 256 * 1024
_BLOCKS = 50
_TEXTS = {"header": 150, "section": 3000}


class SlackInbox:
    """Call `start` once, and always call `stop`. `fails`: the answer to the next messages, to
    rehearse a Slack that refuses them."""

    def __init__(
        self, inbox: Inbox, channel: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._inbox = inbox
        self._channel = channel
        self._clock = clock
        self._token = secrets.token_urlsafe(18)
        self._runner: web.ServerRunner | None = None
        self._failures: list[tuple[int, Mapping[str, str]]] = []
        self.received = 0
        self.url = ""

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{HOST}:{port}/services/{self._token}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(self, count: int, status: int = 503, retry_after: int | None = None) -> None:
        """Refuse this many messages from now on; with 0, refuse none."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._failures = [(status, headers)] * count

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST" or not request.path.startswith("/services/"):
            return web.Response(status=404, text="no_service")
        given = request.path.removeprefix("/services/").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._token.encode()):
            return web.Response(status=403, text="invalid_token")
        body = await _read(request)
        if self._failures:
            status, headers = self._failures.pop()
            return web.Response(status=status, text="rate_limited", headers=headers)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if problem := refusal(payload):
            return web.Response(status=400, text=problem)
        try:
            self._inbox.add(Entry(self._clock(), "slack", self._channel, payload))
        except OSError:
            return web.Response(status=500, text="the disk of the miniature is full")
        self.received += 1
        return web.Response(text="ok")


async def _read(request: web.BaseRequest) -> bytes:
    """The whole body, which may come in pieces; only the beginning of one that is too large."""
    body = b""
    while len(body) <= _LARGEST and (piece := await request.content.read(_LARGEST)):
        body += piece
    return body


def refusal(payload: Any) -> str:
    """Slack's word for refusing a message; empty when it is accepted."""
    if not isinstance(payload, Mapping):
        return "invalid_payload"
    attachments = payload.get("attachments") or []
    if not payload.get("text") and not payload.get("blocks") and not attachments:
        return "no_text"
    if not isinstance(attachments, list) or len(attachments) > 100:
        return "too_many_attachments"
    every = [payload.get("blocks") or []]
    every += [each.get("blocks") or [] for each in attachments if isinstance(each, Mapping)]
    return "" if all(_are_blocks(blocks) for blocks in every) else "invalid_blocks"


def _are_blocks(blocks: Any) -> bool:
    return (
        isinstance(blocks, list)
        and len(blocks) <= _BLOCKS
        and all(isinstance(block, Mapping) and _is_block(block) for block in blocks)
    )


def _is_block(block: Mapping[str, Any]) -> bool:
    kind = block.get("type")
    if kind in _TEXTS:
        fields = block.get("fields") or []
        if fields and (len(fields) > 10 or not all(_is_text(each, 2000) for each in fields)):
            return False
        text = block.get("text")
        if kind == "header" and isinstance(text, Mapping) and text.get("type") != "plain_text":
            return False
        return _is_text(text, _TEXTS[kind]) if text is not None else bool(fields)
    if kind == "context":
        elements = block.get("elements") or []
        return 0 < len(elements) <= 10 and all(_is_text(each, 3000) for each in elements)
    return kind in ("actions", "divider", "image", "rich_text", "markdown")


def _is_text(text: Any, longest: int) -> bool:
    return (
        isinstance(text, Mapping)
        and text.get("type") in ("plain_text", "mrkdwn")
        and isinstance(text.get("text"), str)
        and 0 < len(text["text"]) <= longest
    )
