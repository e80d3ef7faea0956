"""The inbox: which messages Slack accepts and refuses, which are kept, and how they are shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bonkei.services.slack import store
from bonkei.services.slack.render import name_of_colour, render
from bonkei.services.slack.slack import SlackInbox, refusal
from bonkei.services.slack.store import Entry, Inbox

MESSAGE = {
    "text": "ALARM",
    "attachments": [
        {
            "color": "#d50200",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "ALARM: a &amp; b"}},
                {"type": "section", "text": {"type": "mrkdwn", "text": "```x &lt; y\nz```"}},
                {"type": "context", "elements": [
                    {"type": "mrkdwn", "text": "<https://a.test/|Graph> · *eu*"}]},
            ],
        }
    ],
}  # fmt: skip


async def _post(url: str, body: Any) -> tuple[int, str, str | None]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as session, session.post(url, data=data) as answer:
        return answer.status, await answer.text(), answer.headers.get("Retry-After")


async def test_half_an_emoji_costs_no_message(tmp_path: Path) -> None:
    """JSON can say half of a surrogate pair; the file has U+FFFD in its place."""
    inbox = Inbox(tmp_path / "inbox" / "messages.jsonl")
    slack = SlackInbox(inbox, "slack-webhook", lambda: 0.0)
    await slack.start()
    try:
        for text in ("before", "cut \ud83d", "after 🔥"):
            assert await _post(slack.url, {"text": text}) == (200, "ok", None)
    finally:
        await slack.stop()
    shown = [entry.body for entry in Inbox(inbox.file).entries()]
    assert shown == [{"text": "before"}, {"text": "cut \ufffd"}, {"text": "after 🔥"}]


async def test_an_accepted_message_is_shown(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox" / "messages.jsonl")
    slack = SlackInbox(inbox, "slack-webhook", lambda: 0.0)
    await slack.start()
    try:
        assert await _post(slack.url, MESSAGE) == (200, "ok", None)
        assert (await _post(slack.url + "x", MESSAGE))[:2] == (403, "invalid_token")
        assert (await _post(slack.url.replace("services", "hooks"), MESSAGE))[0] == 404
        assert (await _post(slack.url, b"{"))[:2] == (400, "invalid_payload")
        assert (await _post(slack.url, b"[" * 100_000))[:2] == (400, "invalid_payload")
        slack.fail(1, 429, 7)
        assert await _post(slack.url, MESSAGE) == (429, "rate_limited", "7")
        assert await _post(slack.url, MESSAGE) == (200, "ok", None)
    finally:
        await slack.stop()
    entries = list(Inbox(inbox.file).entries())
    assert [entry.body for entry in entries] == [MESSAGE, MESSAGE]
    lines = render(entries[0])
    assert lines[0].text.endswith("Slack (slack-webhook)")
    assert [line.text for line in lines[1:]] == [
        "ALARM: a & b", "    x < y", "    z", "Graph: https://a.test/ · eu"
    ]  # fmt: skip
    assert {line.colour for line in lines[1:]} == {"red"}


@pytest.mark.parametrize(
    ("mention", "shown"), [("<!here>", "@here"), ("<@U0X>", "@U0X"), ("<!subteam^S0X>", "@S0X")]
)
def test_who_is_called_is_shown_above_the_message(mention: str, shown: str) -> None:
    body = MESSAGE | {"text": f"{mention} ALARM: a &amp; b"}
    lines = [line.text for line in render(Entry(0.0, "slack", "", body))[1:]]
    assert lines[:2] == [f"{shown} ALARM: a & b", "ALARM: a & b"]


async def test_a_message_may_come_in_pieces(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        text = json.dumps(MESSAGE).encode()
        for piece in (text[:20], text[20:]):
            yield piece
            await asyncio.sleep(0.05)

    slack = SlackInbox(Inbox(tmp_path / "messages.jsonl"))
    await slack.start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(slack.url, data=pieces()) as answer,
        ):
            assert await answer.text() == "ok"
    finally:
        await slack.stop()


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        ([], "invalid_payload"),
        ({}, "no_text"),
        ({"text": "x"}, ""),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
         "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
         "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]},
         "invalid_blocks"),
        ({"blocks": [{"type": "context", "elements": []}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"attachments": [{"blocks": [{"type": "nothing"}]}]}, "invalid_blocks"),
    ],
)  # fmt: skip
def test_messages_that_slack_refuses(payload: Any, word: str) -> None:
    assert refusal(payload) == word


def test_the_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT", 5)
    inbox = Inbox(tmp_path / "m.jsonl")
    for number in range(23):
        inbox.add(Entry(number, "email", "a@b.test", {"subject": "s", "text": str(number)}))
    kept = [entry.at for entry in inbox.entries()]
    assert kept[-5:] == [18, 19, 20, 21, 22]
    assert len(kept) <= 10
    assert render(next(inbox.entries()))[1].text == "Subject: s"


def test_colours() -> None:
    given = ("danger", "good", "#2eb67d", "#8d8d8d", "#daa038", "")
    assert [name_of_colour(each) for each in given] == [
        "red", "green", "green", "bright_black", "yellow", ""
    ]  # fmt: skip
