"""Sends a load, and writes the results: a line of JSON for each second.

    python requests.py '{"url": "http://127.0.0.1:8080", "paths": ["/"], "rate": 20,
                         "seconds": 60, "timeout": 10}'

It runs in its own process, so that a busy supervisor does not add to the visitors' latencies.
Requests are sent at their times, whether or not earlier ones are answered. A latency counts from
the time at which the request was due. So if the system stalls, the wait is in the measurement. The
first line has the begin. The program ends early when its input ends.

Second: {"second", "sent", "answers": {STATUS: n}, "failed": {WHY: n}, "latency": {BUCKET: n}}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import signal
import sys
import time
from collections import Counter
from typing import Any

import aiohttp

MOST_AT_ONCE = 2_000
FAILED = 400  # a status from here on is a failure: the visitor did not get the page
GROWTH = math.log(1.04)


def bucket(milliseconds: float) -> int:
    """The same as `latency.bucket`, because this program imports nothing of Bonkei."""
    return max(0, round(math.log(max(milliseconds, 0.1) / 0.1) / GROWTH))


class Second:
    """The results of the requests of one second."""

    def __init__(self) -> None:
        self.sent = self.over = 0
        self.answers: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.latency: Counter[int] = Counter()

    def line(self, number: int) -> str:
        return json.dumps(
            {
                "second": number, "sent": self.sent, "answers": self.answers,
                "failed": self.failed, "latency": self.latency,
            }
        )  # fmt: skip


class Sender:
    """One load, from its begin to its last line."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._seconds: dict[int, Second] = {}
        self._written = 0
        self._asking: set[asyncio.Task[None]] = set()

    async def run(self, ended: asyncio.Event) -> None:
        given = self._given
        timeout = aiohttp.ClientTimeout(total=given["timeout"])
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False, trust_env=False,
        ) as session:  # fmt: skip
            begun = time.monotonic()
            say(json.dumps({"begun": time.time()}))
            await self._send(session, begun, ended)
            if ended.is_set():
                for task in self._asking:
                    task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)
            self._write(last=True)

    async def _send(
        self, session: aiohttp.ClientSession, begun: float, ended: asyncio.Event
    ) -> None:
        rate, paths = self._given["rate"], self._given["paths"]
        for number in range(int(rate * self._given["seconds"])):
            due = begun + number / rate
            wait = due - time.monotonic()
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await ended.wait()
            elif number % 50 == 0:
                await asyncio.sleep(0)
            if ended.is_set():
                return
            second = self._seconds.setdefault(int(number / rate), Second())
            second.sent += 1
            if len(self._asking) >= MOST_AT_ONCE:
                second.failed["too many wait already"] += 1
                second.over += 1
                continue
            url = self._given["url"] + paths[number % len(paths)]
            task = asyncio.ensure_future(self._ask(session, url, due, second))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
            self._write(now=int(number / rate))

    async def _ask(
        self, session: aiohttp.ClientSession, url: str, due: float, second: Second
    ) -> None:
        try:
            async with session.get(url, allow_redirects=False) as answer:
                await answer.read()
        except TimeoutError:
            second.failed["no answer in time"] += 1
        except aiohttp.ClientConnectorError:
            second.failed["no connection"] += 1
        except aiohttp.ClientError:
            second.failed["the connection was cut"] += 1
        except asyncio.CancelledError:
            second.sent -= 1  # the drill was broken off, so the answer is unknown
            second.over -= 1
            raise
        else:
            second.answers[str(answer.status)] += 1
            if answer.status >= FAILED:
                second.failed[str(answer.status)] += 1
            else:
                second.latency[bucket((time.monotonic() - due) * 1000)] += 1
        finally:
            second.over += 1

    def _write(self, now: int = -1, *, last: bool = False) -> None:
        """The seconds that are over, in their order."""
        while (second := self._seconds.get(self._written)) is not None:
            if not last and (self._written >= now or second.over < second.sent):
                return
            say(second.line(self._written))
            del self._seconds[self._written]
            self._written += 1


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Send the load until all is sent, or the input ends."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            ended.set()

    loop.add_reader(0, read)
    await Sender(json.loads(sys.argv[1])).run(ended)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(main())
