"""The cost of the console for the edge: switched off, closed, and with a page open.

    python -m bench.console [--seconds 3] [--connections 32] [--rounds 5]

Under wrk, an edge with the records of a miniature. Where a page is open, a client reads the picture
as a browser does. Each row is the median by CPU time, which other work on the machine disturbs the
least. Needs nginx and wrk.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.cookiejar
import multiprocessing
import shutil
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import uvloop

from bench.edge import _TARGET, BODY, nginx
from bench.edge_process import SECRET, records
from bench.load import Options, Result, Row, load, read_options
from bench.stack import blueprint
from bonkei.base.events import Bus, Endpoint, TargetRegistered
from bonkei.miniature.console.flow import Flow
from bonkei.miniature.console.health import Parts
from bonkei.miniature.console.picture import PictureSources, offer_picture
from bonkei.miniature.measures.traffic import Traffic
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.services.cloudwatch.values import MonitorSnapshot
from bonkei.services.console import Console, ConsoleSettings
from bonkei.services.ecs.snapshot import TasksSnapshot
from bonkei.services.edge import Edge, EdgeSettings
from tests.support.ports import free_port

_OFF, _CLOSED, _OPEN = "no console", "console, no page", "console, a page open"


def serve(target: int, ready: Connection, home: Path, *, has_console: bool) -> None:
    """The child process: an edge, and beside it the console as the supervisor has it."""

    async def run() -> None:
        bus, hooks = Bus(), Requests()
        hooks.hear_together(records(home))
        edge = Edge(bus, EdgeSettings(distribution_port=0, load_balancer_port=0), on_access=hooks)
        architecture = blueprint(SECRET)
        await edge.start(architecture)
        for group in ("web", "api"):
            bus.publish(TargetRegistered(f"arn:tg/{group}", group, Endpoint("127.0.0.1", target)))
        while any(  # noqa: ASYNC110 - once, at the start
            one.state != "healthy"
            for group in edge.snapshot().target_groups
            for one in group.targets
        ):
            await asyncio.sleep(0.05)
        url = ""
        if has_console:
            console = Console(ConsoleSettings(0, home / "console"))
            parts = Parts(
                lambda: architecture,
                edge.snapshot,
                lambda: TasksSnapshot((), (), (), ()),
                list,
                lambda: None,
                MonitorSnapshot,
                lambda: (),
                lambda: SimpleNamespace(functions=()),
            )
            traffic = Traffic()
            offer_picture(console, PictureSources(parts, Flow(), traffic.totals, list, "on"))
            await console.start()
            shown = console.snapshot()
            url = shown.url if shown is not None else ""
        ports = {each.name: each.port for each in edge.snapshot().listeners}
        ready.send((f"http://127.0.0.1:{ports['d1.cloudfront.net']}", url))
        await asyncio.Event().wait()

    uvloop.run(run())


@contextlib.contextmanager
def process(target: int, home: Path, *, has_console: bool = True) -> Iterator[tuple[int, str, str]]:
    """An edge: its process id, the URL of its distribution, and the console's."""
    ours, theirs = multiprocessing.Pipe()
    home.mkdir()
    child = multiprocessing.get_context("spawn").Process(
        target=serve,
        args=(target, theirs, home),
        kwargs={"has_console": has_console},
        daemon=True,
    )
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the edge did not become ready")
        yield (child.pid or 0, *ours.recv())
    finally:
        child.terminate()
        child.join()


def read_on(url: str, over: threading.Event, seen: list[int]) -> None:
    """A page that is open: it reads the picture until `over`."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    with contextlib.suppress(OSError):
        # The answer is a redirection to the page: what counts is the cookie.
        opener.open(url, timeout=5).close()
    base = url.partition("/?")[0]
    topics = urllib.parse.urlencode([("topic", "picture.live"), ("topic", "picture")])
    with opener.open(f"{base}/live?{topics}", timeout=30) as answer:
        while not over.is_set():
            seen.append(len(answer.readline()))


@contextlib.contextmanager
def reader(url: str, seen: list[int]) -> Iterator[None]:
    """A page is open within the block."""
    over = threading.Event()
    thread = threading.Thread(target=read_on, args=(url, over, seen), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def measure(options: Options) -> tuple[dict[str, Result], int]:
    """The rows, and how many lines the open page has read. Closed and open are the same process, in
    turns: two processes differ by more than a page costs."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home, target, seen = Path(directory), free_port(), list[int]()
        stack.enter_context(nginx(home, "target", _TARGET.format(port=target, body=BODY), target))
        off, off_url, _ = stack.enter_context(process(target, home / "off", has_console=False))
        on, on_url, console = stack.enter_context(process(target, home / "on"))
        rows = {_OFF: Row(off, f"{off_url}/api/x"), _CLOSED: Row(on, f"{on_url}/api/x")}
        rows[_OPEN] = rows[_CLOSED]
        taken: dict[str, list[Result]] = {name: [] for name in rows}
        for _ in range(options.rounds):
            for name, row in rows.items():
                with reader(console, seen) if name == _OPEN else contextlib.nullcontext():
                    taken[name].append(load(row, options, ""))
        middle = options.rounds // 2
        found = {
            name: sorted(each, key=lambda one: one.cpu)[middle] for name, each in taken.items()
        }
        return found, len(seen)


def main(arguments: list[str] | None = None) -> int:
    options = read_options("console", __doc__, arguments)
    if missing := [tool for tool in ("nginx", "wrk") if shutil.which(tool) is None]:
        print(f"console: not measured, {' and '.join(missing)} not found", file=sys.stderr)
        return 1
    results, seen = measure(options)
    print("| CloudFront + WAF + ALB, with records | requests/s | × without | CPU µs a request |")
    print("|---|---:|---:|---:|")
    base = results[_OFF].rate
    for name, each in results.items():
        print(f"| {name} | {each.rate:,.0f} | {each.rate / base:.3f} | {each.cpu:.1f} |")
    print(f"\nThe open page read {seen} lines.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
