"""From a topic through Lambda to Slack, while the process is killed repeatedly."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bonkei.services.slack.slack import SlackInbox
from bonkei.services.slack.store import Inbox

EACH = 24
SECONDS = 60


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[SlackInbox]:
    """Slack keeps running, as the real one would."""
    inbox = SlackInbox(Inbox(tmp_path / "messages"))
    await inbox.start()
    yield inbox
    await inbox.stop()


async def start(folder: Path, url: str, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bonkei.miniature.parts.notifier", str(folder), url, str(count),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def arrived(folder: Path) -> Counter[str]:
    texts = [str(entry.body["text"]) for entry in Inbox(folder / "messages").entries()]
    return Counter(text.rpartition(" ")[2] for text in texts)


async def test_no_acknowledged_message_is_lost_by_sigkill(
    slack: SlackInbox, tmp_path: Path
) -> None:
    """The process is killed while it publishes, and while the function runs. Every message that
    SNS has acknowledged reaches Slack. A message in delivery at that moment may arrive twice, as
    SNS and Lambda document.
    """
    acknowledged: list[str] = []
    for after in (EACH // 3, EACH):
        process = await start(tmp_path, slack.url, EACH)
        assert process.stdout is not None
        for _ in range(after):
            line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
            acknowledged.append(line.decode().strip())
        if after == EACH:  # all are acknowledged, and the first are in delivery
            while slack.received < 1:
                await asyncio.sleep(0.01)
        process.kill()
        rest, _ = await process.communicate()
        acknowledged += rest.decode().split()
        assert process.returncode == -signal.SIGKILL

    last = await start(tmp_path, slack.url, 0)
    await asyncio.wait_for(last.communicate(), SECONDS)
    found: Any = arrived(tmp_path)

    assert last.returncode == 0
    assert len(set(acknowledged)) == len(acknowledged) >= EACH + EACH // 3
    assert [name for name in acknowledged if not found[name]] == []
    # For each kill, at most as many duplicates as Lambda runs at a time.
    assert sum(times - 1 for times in found.values()) <= 2 * 10
