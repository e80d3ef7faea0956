"""The cost of the console's page of requests, in processor time: it does not depend on other load.

    python -m bench.requests

Each finished request passes the miniature's hook, and a browser asks four times a second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from bench.stack import blueprint
from bonkei.base.events import Bus
from bonkei.miniature.console.requests import offer_requests
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.requests import recorder as recording
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.services.console import Console
from bonkei.services.edge import AccessRecord, Edge, EdgeSettings
from bonkei.services.edge.client.access import Kind, Row
from bonkei.services.edge.http.message import header

_SECONDS = 20
_LOOKS = 4  # a second
_RATES = (100, 1_000, 10_000)


def rows() -> list[Row]:
    """A thousand requests as browsers send them: eight headers each."""
    headers = [header(b"X-Header-%d" % number, b"value" * 6) for number in range(8)]
    kind = Kind(
        AccessRecord(
            "distribution", "127.0.0.1", 1, "GET", "/", "localhost", "Firefox", 200, 0, 120, 0.001,
            "arn:tg/web", "task", "arn:rule",
        )
    )  # fmt: skip
    return [
        (kind, 1, f"/api/{n}?page=1", headers, (), 0, 120, 0.001, "Root=1-2-3", 0, "", "")
        for n in range(1000)
    ]


async def measure(rate: int, *, is_open: bool) -> float:
    """Processor time a second, for `rate` requests a second."""
    hooks, stack, here = Requests(), blueprint("bench-header-value"), Path.cwd()
    recorder, console = Recorder(), Console()
    hooks.hear_together(recorder.seen)
    edge = Edge(Bus(), EdgeSettings())
    world = RequestWorld(edge, lambda: stack, hooks.hear, here, here, here / "nowhere")
    offer_requests(console, recorder, world)
    came = rows()
    begun = time.process_time()
    for _ in range(_SECONDS * _LOOKS):
        for number in range(rate // _LOOKS):
            hooks((came[number % 1000],))
        if is_open:
            recorder.refill()  # the clock stands still here
            await console.state("requests")
    spent = time.process_time() - begun
    recorder.close()
    return spent / _SECONDS


def main() -> int:
    print("| requests/s | closed | open | of a core |\n|---|---:|---:|---:|")
    for rate in _RATES:
        closed = asyncio.run(measure(rate, is_open=False))
        opened = asyncio.run(measure(rate, is_open=True))
        print(
            f"| {rate:,} | {closed * 1000:.2f} ms/s | {opened * 1000:.2f} ms/s "
            f"| {(opened - closed) * 100:.2f} % |"
        )
    print(f"\nkept between two looks: at most {recording.QUOTA:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
