"""One router: inputs, the pipeline, chunks and deliveries, from its start to its end."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bonkei.services.logs.router.aws import CredentialsProvider
from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Configuration
from bonkei.services.logs.router.engine.chunks import LIMIT, Chunk, ChunkStore
from bonkei.services.logs.router.engine.delivery import Delivery, RetryPlan
from bonkei.services.logs.router.engine.making import LEVELS, EngineSettings, make_output, serve
from bonkei.services.logs.router.inputs import ForwardInput
from bonkei.services.logs.router.outputs.s3 import S3Output
from bonkei.services.logs.router.pipeline import Batch, make_pipeline
from bonkei.services.logs.router.records import Event

_UP = 8  # chunks that are in memory as well, while they wait


class Engine:
    """After `stop`, `run` ends when everything is delivered or the grace period is over."""

    def __init__(
        self,
        configuration: Configuration,
        environment: Mapping[str, str],
        *,
        write: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        self._configuration = configuration
        self._write = write
        self.settings = EngineSettings.read(configuration.service)
        self.pipeline = make_pipeline(configuration)
        self._store = ChunkStore(self.settings.storage)
        self._credentials = CredentialsProvider(environment)
        self._open: dict[str, Chunk] = {}
        self._up: list[Chunk] = []
        self._inputs = [
            ForwardInput(section, self.ingest, self.lose) for section in configuration.inputs
        ]
        self.deliveries = [self._delivery(*each) for each in enumerate(self.pipeline.routes)]
        self._timer: asyncio.TimerHandle | None = None
        self._held: asyncio.TimerHandle | None = None
        self.serves = asyncio.Event()
        self._stopping = asyncio.Event()
        self._began = time.time()
        self.received = 0
        self.dropped = 0

    def say(self, level: str, text: str) -> None:
        """A line of the router's own log."""
        if LEVELS[level] <= self.settings.level:
            moment = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime())
            self._write(f"[{moment}] [{level:>5}] {text}\n")

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> bool:
        """Returns whether everything was delivered. When cancelled, it drops everything that is not
        on disk."""
        server: asyncio.Server | None = None
        try:
            server = await self._begin()
            await self._stopping.wait()
            grace = self.settings.grace
            self.say("warn", f"[engine] service will shutdown in max {grace:g} seconds")
            done = False
            try:
                async with asyncio.timeout(grace):
                    done = await self._finish()
            except TimeoutError:
                pass
            self.say("info" if done else "warn", f"[engine] stopped; all is delivered: {done}")
            return done
        finally:
            await self._end(server)

    async def _begin(self) -> asyncio.Server | None:
        for delivery in self.deliveries:
            if isinstance(delivery.output, S3Output):
                delivery.output.begin()
        for chunk in self._store.backlog():
            self._dispatch(chunk)
        server = await self._serve()
        for each in self._inputs:
            await each.start()
        self.serves.set()
        self.say("info", f"[engine] started ({len(self._inputs)} inputs)")
        return server

    async def _end(self, server: asyncio.Server | None) -> None:
        for each in self._inputs:
            await each.close()
        for timer in (self._timer, self._held):
            if timer is not None:
                timer.cancel()
        for delivery in self.deliveries:
            await delivery.stop()
            if isinstance(delivery.output, S3Output):
                await delivery.output.abandon()
        for chunk in self._open.values():
            chunk.close()
        if server is not None:
            server.close()

    async def _finish(self) -> bool:
        for each in self._inputs:
            await each.drain()
        self._take(self.pipeline.flush(time.time(), everything=True))
        while True:
            self._flush()
            for delivery in self.deliveries:
                delivery.hurry()
            for _ in range(100):
                if not any(delivery.waiting for delivery in self.deliveries):
                    break
                await asyncio.sleep(0.01)
            if not any(delivery.waiting for delivery in self.deliveries):
                break
        finished = [await delivery.output.finish() for delivery in self.deliveries]
        return all(finished)

    # Input.

    def ingest(self, tag: str, events: Sequence[Event]) -> None:
        """Pass events through the filters, and store them in the chunks of the resulting tags."""
        self.received += len(events)
        try:
            batches = self.pipeline.run(tag, events, time.time())
        except Exception:
            batches = self._one_by_one(tag, events)
        self._take(batches)
        self._hold()

    def _one_by_one(self, tag: str, events: Sequence[Event]) -> list[Batch]:
        """A record that a filter cannot take is lost alone."""
        batches: list[Batch] = []
        for event in events:
            try:
                batches += self.pipeline.run(tag, [event], time.time())
            except Exception as error:
                self.lose(1, f"[filter] {type(error).__name__}: {error}")
        return batches

    def _take(self, batches: Sequence[Batch]) -> None:
        for tag, events in batches:
            try:
                chunk = self._open.get(tag)
                if chunk is None:
                    chunk = self._open[tag] = self._store.create(tag)
                if lost := chunk.add(events):
                    self.lose(lost, "a record cannot be stored")
            except OSError as error:
                self.lose(len(events), f"[storage] {error}")
                continue
            if chunk.size >= LIMIT:
                del self._open[tag]
                self._close(chunk)
        if self._open and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.settings.flush, self._flush)

    def lose(self, count: int, why: str) -> None:
        """A loss is counted in the metrics, and an error in the router's own log."""
        self.dropped += count
        self.say("error", f"{why}: {count} records lost" if count else why)

    def _hold(self) -> None:
        """Set a timer for events that a filter holds."""
        due = self.pipeline.deadline()
        if due is not None and self._held is None:
            wait = max(0.0, due - time.time())
            loop = asyncio.get_running_loop()
            self._held = loop.call_later(wait + 0.001, self._release_held, due)

    def _release_held(self, due: float) -> None:
        self._held = None
        now = max(time.time(), due)  # the clock may have been set back
        self._take(self.pipeline.flush(now))
        self._hold()

    # Output.

    def _flush(self) -> None:
        self._timer = None
        chunks, self._open = tuple(self._open.values()), {}
        for chunk in chunks:
            self._close(chunk)

    def _close(self, chunk: Chunk) -> None:
        chunk.close()
        self._dispatch(chunk)

    def _dispatch(self, chunk: Chunk) -> None:
        takers = [each for each in self.deliveries if each.route.matches(chunk.tag)]
        chunk.waiting = {each.number for each in takers}
        if not takers:
            self._done(chunk)
            return
        self._up.append(chunk)
        if len(self._up) > _UP:
            self._up.pop(0).put_down()
        for each in takers:
            each.add(chunk)

    def _release(self, number: int, chunk: Chunk) -> None:
        chunk.waiting.discard(number)
        if not chunk.waiting:
            self._done(chunk)

    def _done(self, chunk: Chunk) -> None:
        if chunk in self._up:
            self._up.remove(chunk)
        chunk.delete()

    # How it is made.

    def _delivery(self, number: int, route: Any) -> Delivery:
        section = route.section
        limit = values.retry_limit(section, 1)
        return Delivery(
            number,
            route,
            make_output(section, self._credentials, self.say),
            # s3 repeats its uploads itself: for the engine, a chunk is delivered once it is in s3's
            # file.
            RetryPlan(limit, self.settings.base, self.settings.cap),
            self._release,
            self.say,
            values.size(section, "storage.total_limit_size", 0),
        )

    async def _serve(self) -> asyncio.Server | None:
        service = self._configuration.service
        if not values.flag(service, "http_server", default=False):
            return None
        host = service.text("http_listen", "0.0.0.0")  # noqa: S104 - Fluent Bit's default
        return await serve(host, values.number(service, "http_port", 2020), self._answer)

    def _answer(self, path: str) -> tuple[int, Any] | None:
        match path:
            case "/":
                return 200, {"fluent-bit": {"version": "bonkei", "edition": "reader"}}
            case "/api/v1/uptime":
                seconds = int(time.time() - self._began)
                return 200, {"uptime_sec": seconds, "uptime_hr": f"{seconds} seconds"}
            case "/api/v1/health":
                return 200, "ok\n"
            case "/api/v1/metrics":
                return 200, self.metrics()
        return None

    def metrics(self) -> dict[str, Any]:
        """The counters of /api/v1/metrics that exist here."""
        return {
            "input": {"all": {"records": self.received, "dropped_records": self.dropped}},
            "output": {
                each.name: {
                    "proc_records": each.counts.delivered,
                    "retries": each.counts.retries,
                    "dropped_records": each.counts.dropped,
                    "waiting_chunks": each.waiting,
                }
                for each in self.deliveries
            },
        }
