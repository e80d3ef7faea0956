"""The losses and the speed of a log router: numbered records, counted at their destinations.

The shipped configuration (program/fluentbit) against a fake AWS: Bonkei's reader, and the real
Fluent Bit where BONKEI_FLUENT_BIT names one or it is on the PATH.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.fake_aws import FakeAws
from bonkei.services.endpoint.port.certificate import ca_file, load_tls
from bonkei.services.logs.router.configuration import stored
from bonkei.services.logs.router.configuration.load import load
from bonkei.services.logs.router.configuration.overrides import Overrides, override
from bonkei.services.logs.router.configuration.render import render
from bonkei.services.logs.router.driver import FluentdDriver, Source

_SHIPPED = Path(__file__).parents[1] / "program" / "fluentbit" / "fluent-bit.yaml"
_STEADY = 5000  # records a second
_BURST = 200_000
_ERRORS = 10  # one record of this many is an ERROR, for CloudWatch


@dataclass
class Stand:
    """One router's process, with its container and its destinations."""

    binary: str
    directory: Path
    aws: FakeAws = field(default_factory=FakeAws)
    process: psutil.Popen | None = None
    driver: FluentdDriver | None = None
    number: int = 0
    cpu: float = 0.0
    memory: float = 0.0

    async def start(self) -> None:
        tls = load_tls(self.directory / "tls")
        await self.aws.start(tls if self.binary else None)
        environment = {
            "AWS_REGION": "ap-northeast-1", "LOG_GROUP": "g", "LOG_BUCKET": "logs",
            "LOG_PREFIX": "app", "PORT": "0",
        }  # fmt: skip
        socket = self.directory / "s"
        moved = override(
            load(_SHIPPED, environment), Overrides(self.directory / "v", socket, self.aws.url)
        )
        if self.binary:
            secure = f"https://127.0.0.1:{self.aws.port + 1}"
            authority = ca_file(self.directory / "tls")
            logs = Overrides(self.directory, socket, secure, authority=authority)
            plain = load(_SHIPPED, environment)
            outputs = (*override(plain, logs).outputs[:2], *moved.outputs[2:])
            moved = type(moved)(
                moved.file, moved.service, moved.inputs, moved.filters, outputs, moved.parsers
            )
        if self.binary:
            text = render(moved).replace("http_server: 'on'", "http_server: 'off'")
        else:
            text = stored.dump(moved)
        self._file().write_text(text)
        await self.launch()

    async def launch(self) -> None:
        file = str(self._file())
        command = (
            [self.binary, "-c", file]
            if self.binary
            else [sys.executable, "-m", "bonkei.services.logs.router", file]
        )
        keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
        with (self.directory / "router.log").open("ab") as log:
            self.process = psutil.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=log)
        while not (self.directory / "s").exists():  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.02)
        if self.driver is None:
            self.driver = FluentdDriver(Source("app-firelens-1", "1", "app"), self.directory / "s")

    def _file(self) -> Path:
        return self.directory / ("fluent-bit.yaml" if self.binary else f"router{stored.SUFFIX}")

    async def write(self, count: int, rate: float = 0.0) -> None:
        """Send this many numbered records at this rate; 0: as fast as the router takes them."""
        assert self.driver is not None
        began = time.monotonic()
        for written in range(0, count, 100):
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            lines: list[tuple[str, bool]] = []
            for _ in range(100):
                level = "ERROR" if self.number % _ERRORS == 0 else "INFO"
                record = {
                    "time": now, "level": level, "logger": "app", "message": "x" * 150,
                    "request_id": "0123456789abcdef", "number": self.number,
                }  # fmt: skip
                lines.append((json.dumps(record), False))
                self.number += 1
            self.driver.write("stdout", time.time(), lines)
            await self.driver.writable()
            wait = began + (written + 100) / rate - time.monotonic() if rate else 0.0
            await asyncio.sleep(max(0.0, wait))

    def measure(self) -> None:
        if self.process is not None and self.process.is_running():
            times = self.process.cpu_times()
            self.cpu = times.user + times.system
            self.memory = max(self.memory, self.process.memory_info().rss / 1e6)

    async def end(self, number: int = signal.SIGTERM) -> None:
        """The container first, as ECS stops a task; then the router, until it has ended."""
        assert self.process is not None
        if number == signal.SIGTERM and self.driver is not None:
            await self.driver.close()
            self.driver = None
        self.measure()
        self.process.send_signal(number)
        while self.process.poll() is None:
            self.measure()
            await asyncio.sleep(0.05)

    def counts(self) -> tuple[int, int]:
        """Lost and duplicated records."""
        found: Counter[int] = Counter()
        for record in self.aws.lines():
            found[record["number"]] += 1
        for text in self.aws.messages("ERROR"):
            found[json.loads(text)["number"]] += 1
        return self.number - len(found), sum(found.values()) - len(found)


Scenario = Callable[[Stand], Awaitable[None]]


async def _steady(stand: Stand) -> None:
    await stand.write(_STEADY * 60, _STEADY)


async def _burst(stand: Stand) -> None:
    await stand.write(_BURST)


async def _stopped(stand: Stand) -> None:
    await stand.write(20_000)  # and SIGTERM at once


async def _killed(stand: Stand) -> None:
    """SIGKILL during the stream, then another router on the same storage, as after a restart."""
    writing = asyncio.create_task(stand.write(_STEADY * 8, _STEADY))
    await asyncio.sleep(4)
    await stand.end(signal.SIGKILL)
    await stand.launch()
    await writing


async def _during(stand: Stand, begin: Callable[[], Awaitable[None]], seconds: float) -> None:
    """A fault that begins in the third second and lasts this long."""
    writing = asyncio.create_task(stand.write(int(1000 * (seconds + 6)), 1000))
    await asyncio.sleep(3)
    await begin()
    await asyncio.sleep(seconds)
    stand.aws.status, stand.aws.delay = 0, 0.0
    if not stand.aws.is_up:
        await stand.aws.start(load_tls(stand.directory / "tls") if stand.binary else None)
    await writing


async def _denied(stand: Stand) -> None:
    async def deny() -> None:
        stand.aws.status = 403

    await _during(stand, deny, 10)


async def _refusing(stand: Stand) -> None:
    async def refuse() -> None:
        stand.aws.status = 500

    await _during(stand, refuse, 10)


async def _slow(stand: Stand) -> None:
    async def slow() -> None:
        stand.aws.delay = 2.0

    await _during(stand, slow, 10)


async def _down(stand: Stand) -> None:
    await _during(stand, stand.aws.stop, 30)


async def _idle(stand: Stand) -> None:
    await asyncio.sleep(5)
    before = stand.process.cpu_times() if stand.process else None
    await asyncio.sleep(20)
    stand.measure()
    if before is not None:
        used = stand.cpu - before.user - before.system
        print(f"  idle: {used / 20:.3%} of a core, {stand.memory:.0f} MB", flush=True)


SCENARIOS: dict[str, Scenario] = {
    "steady 5,000/s for a minute": _steady,
    "burst of 200,000": _burst,
    "SIGTERM right after 20,000": _stopped,
    "SIGKILL of the router, another on its storage": _killed,
    "permission taken for 10 s": _denied,
    "endpoint answers 500 for 10 s": _refusing,
    "endpoint slow (2 s) for 10 s": _slow,
    "endpoint down for 30 s": _down,
    "idle": _idle,
}


async def _run(name: str, scenario: Scenario, binary: str) -> None:
    directory = Path(tempfile.mkdtemp(prefix="logs-"))
    stand = Stand(binary, directory)
    try:
        await stand.start()
        began = time.monotonic()
        await scenario(stand)
        await stand.end()
        seconds = time.monotonic() - began
        lost, twice = stand.counts()
        delays = sorted(stand.aws.delays) or [0.0]
        middle, late = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
        speed = f"{stand.number / stand.cpu:,.0f}" if stand.number and stand.cpu else ""
        print(
            f"| {name} | {'Fluent Bit' if binary else 'reader'} | {stand.number:,} | {lost:,} "
            f"| {twice:,} | {middle:.1f} | {late:.1f} | {stand.cpu:.1f} | {stand.memory:.0f} "
            f"| {speed} | {seconds:.0f} |",
            flush=True,
        )
    finally:
        if stand.process is not None and stand.process.poll() is None:
            stand.process.kill()
        await stand.aws.stop()
        shutil.rmtree(directory, ignore_errors=True)


def main(names: list[str] | None = None) -> None:
    """The named scenarios (by a part of their name), or all."""
    print(
        "| what | router | records | lost | twice | delay p50 s | p99 s | CPU s | MB "
        "| records / CPU s | s |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    found = os.environ.get("BONKEI_FLUENT_BIT") or shutil.which("fluent-bit") or ""
    for name, scenario in SCENARIOS.items():
        if not names or any(part in name for part in names):
            for binary in dict.fromkeys(("", found)):
                asyncio.run(_run(name, scenario, binary))


if __name__ == "__main__":
    main(sys.argv[1:])
