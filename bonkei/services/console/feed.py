"""The live side: each topic is computed once in each tick for all pages, and only while a page
wants it.

A look holds the names of changed topics, never a queue. A browser that reads slowly gets the newest
state when it reads again. A browser that reads nothing costs one name for each topic.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import parse_qsl

from bonkei.base.errors import BonkeiError
from bonkei.services.console.values import LONGEST_STATE, ConsoleError, Topic, as_json

TICK = 1.0
QUICK_TICK = 0.25
QUICK = frozenset({"requests"})
"""Families of topics that are computed more than once a second."""
MOST_TOPICS = 24
"""The most topics of one look; a page has a handful."""
MOST_LOOKS = 64

Sleep = Callable[[float], Awaitable[None]]
OnFault = Callable[[str, Exception], None]


class Feed:
    """`on_fault` is called for a topic that failed through a bug."""

    def __init__(
        self, topics: Mapping[str, Topic], on_fault: OnFault, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._topics = topics
        self._on_fault = on_fault
        self._sleep = sleep
        self._channels: dict[str, _Channel] = {}
        self._looks: set[Look] = set()

    @property
    def looks(self) -> int:
        return len(self._looks)

    @property
    def channels(self) -> int:
        """How many topics are computed each tick."""
        return len(self._channels)

    async def state(self, key: str) -> bytes:
        """Compute a topic once. `key`: its name, and its query after a `?`. Returns the members of
        a JSON object: `"data"`, or `"error"` and `"remedy"`."""
        try:
            return b'"data":' + await self._data(key)
        except BonkeiError as error:
            return _members({"error": error.message, "remedy": error.remedy})
        except Exception as error:  # a bug in one topic must not end the others
            self._on_fault(key, error)
            return _members({"error": f"{key} cannot be shown: {error!r}", "remedy": ""})

    async def _data(self, key: str) -> bytes:
        name, _, query = key.partition("?")
        topic = self._topics.get(name)
        if topic is None:
            raise ConsoleError(f"there is no topic {name}", remedy="reload the page")
        text = as_json(await topic(dict(parse_qsl(query))))
        if len(text) > LONGEST_STATE:
            raise ConsoleError(f"{name} has too much to show", remedy="filter it")
        return text

    def look(self, keys: Sequence[str]) -> Look:
        """Watch these topics until `close`. Raises ConsoleError if there are too many."""
        if len(self._looks) >= MOST_LOOKS or len(set(keys)) > MOST_TOPICS:
            raise ConsoleError("too much is looked at", remedy="close some of the console's tabs")
        look = Look(self._leave)
        self._looks.add(look)
        for key in dict.fromkeys(keys):
            channel = self._channels.get(key)
            if channel is None:
                channel = self._channels[key] = _Channel(key)
                channel.task = asyncio.create_task(self._run(channel))
            channel.looks.add(look)
            look.channels[key] = channel
            if channel.state is not None:
                look.changed(key)
        return look

    def stop(self) -> None:
        """End all looks."""
        for look in tuple(self._looks):
            look.close()

    async def _run(self, channel: _Channel) -> None:
        tick = QUICK_TICK if channel.key.partition("?")[0].split(".")[0] in QUICK else TICK
        while True:
            state = await self.state(channel.key)
            if state != channel.state:
                channel.state = state
                for look in channel.looks:
                    look.changed(channel.key)
            await self._sleep(tick)

    def _leave(self, look: Look) -> None:
        self._looks.discard(look)
        for key, channel in look.channels.items():
            channel.looks.discard(look)
            if not channel.looks and channel.task is not None:
                channel.task.cancel()
                self._channels.pop(key, None)


class _Channel:
    """A topic with a query, while a page shows it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.state: bytes | None = None
        self.looks: set[Look] = set()
        self.task: asyncio.Task[None] | None = None


class Look:
    """The topics that one browser watches."""

    def __init__(self, leave: Callable[[Look], None]) -> None:
        self.channels: dict[str, _Channel] = {}
        self._leave = leave
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def changed(self, key: str) -> None:
        """Note that a topic has a new state."""
        self._changed[key] = None
        self._wake.set()

    async def news(self) -> list[bytes]:
        """Wait for changes. Returns JSON objects with `"topic"` and the topic's newest state; empty
        when the look is closed."""
        await self._wake.wait()
        self._wake.clear()
        changed, self._changed = self._changed, {}
        if self._closed:
            return []
        return [
            b'{"topic":' + as_json(key) + b"," + (self.channels[key].state or b"") + b"}"
            for key in changed
        ]

    def close(self) -> None:
        """Stop watching. May be called twice."""
        if not self._closed:
            self._closed = True
            self._leave(self)
            self._wake.set()


def _members(values: Mapping[str, str]) -> bytes:
    return as_json(values)[1:-1]
