"""Who may ask for the ports of a task."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator

import pytest

from bonkei.base.processes.roots.switchboard import Switchboard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux passes calls on")


class NoPorts:
    def to_listen(self, who: str, port: int) -> Iterator[int]:
        raise AssertionError((who, port))

    def listens(self, who: str, port: int, here: int) -> None:
        raise AssertionError((who, port, here))

    def to_connect(self, who: str, port: int) -> int:
        raise AssertionError((who, port))


@pytest.mark.parametrize(
    ("words", "number", "is_taken"),
    [
        ("{mark} one web", 1, True),
        ("{mark} one web", 2, False),
        ("{mark} other web", 1, False),
        ("one web", 1, False),
        ("", 1, False),
    ],
    ids=["its own", "two", "another task", "without a mark", "nothing"],
)
async def test_only_a_task_itself_may_ask(words: str, number: int, is_taken: bool) -> None:
    """The name is in /proc/net/unix: each user of the machine, and each task, sees it."""
    switchboard = Switchboard(NoPorts())
    switchboard.open()
    reading, writing = os.pipe()
    try:
        name, mark, who = switchboard.ports_of("one").split(" ")
        assert who == "one"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            asking.connect(f"\0{name}")
            socket.send_fds(asking, [words.format(mark=mark).encode()], [reading] * number)
        os.close(reading)
        await asyncio.sleep(0.1)
        try:
            os.write(writing, b"x")
            was_taken = True
        except BrokenPipeError:
            was_taken = False
        assert was_taken is is_taken
    finally:
        os.close(writing)
        switchboard.close()
