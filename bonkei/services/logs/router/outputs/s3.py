"""Output `s3`: collects records in a file on disk, and uploads it when it is large or old enough.

Source: pipeline/outputs/s3. Every upload is a PutObject. The real plugin may upload parts, with the
same object as the result.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import os
import random
import string
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.base.background import Background
from bonkei.base.clocks import has_passed
from bonkei.base.folders import matching, size_of
from bonkei.services.logs.router.aws import AwsClient
from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.outputs import Result
from bonkei.services.logs.router.outputs.encoding import lines, make_key
from bonkei.services.logs.router.records import Event

_UUID_LETTERS = string.ascii_letters + string.digits
_AT_ONCE = 64 * 1024
"""Bytes that are compressed in two milliseconds; a thread would stay, with 0.2 MiB."""
_MOST_RETRIES = 5  # used if no limit is set, and if no limit is wanted
_RETRY_FROM, _RETRY_TO = 1.0, 30.0  # seconds between two tries of an upload

Report = Callable[[str, str], None]  # (level, text)


@dataclass(frozen=True, slots=True)
class S3Settings:
    bucket: str
    key_format: str
    directory: Path
    directory_limit: int
    file_size: int
    timeout: float
    retries: int

    @classmethod
    def read(cls, section: Section) -> S3Settings:
        key_format = section.text("s3_key_format")
        if "$TAG" in key_format or "$INDEX" in key_format:
            at = section.find("s3_key_format") or section
            raise RouterError(
                f"{at.place}: s3_key_format is {key_format!r}",
                remedy="use $UUID alone, or install fluent-bit, which knows $TAG and $INDEX",
            )
        return cls(
            section.text("bucket"),
            key_format,
            Path(section.text("store_dir")) / section.text("bucket"),
            values.size(section, "store_dir_limit_size", 0),
            values.size(section, "total_file_size", 100_000_000),
            values.seconds(section, "upload_timeout", 600.0),
            _retries(section),
        )


def _retries(section: Section) -> int:
    """ "retry_limit set to unlimited, capping to 5": the plugin's own words (plugins/out_s3)."""
    wanted = values.retry_limit(section, _MOST_RETRIES)
    return _MOST_RETRIES if wanted is None else wanted


@dataclass(slots=True)
class _File:
    tag: str
    path: Path
    created: float
    size: int = 0
    descriptor: int = -1
    failures: int = 0


@dataclass(slots=True)
class S3Output:
    settings: S3Settings
    client: AwsClient
    report: Report
    clock: Callable[[], float] = time.time
    _open: dict[str, _File] = field(default_factory=dict)
    _full: list[_File] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _uploads: Background = field(default_factory=Background)

    @classmethod
    def make(cls, section: Section, client: AwsClient, report: Report) -> S3Output:
        made = cls(S3Settings.read(section), client, report)
        if values.retry_limit(section, _MOST_RETRIES) is None:
            report("warn", f"s3: retry_limit set to unlimited, capping to {_MOST_RETRIES}")
        made._recover()
        return made

    def _recover(self) -> None:
        """The files that an earlier run could not upload."""
        self.settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in matching(self.settings.directory, "*.lines"):
            created, _, tag = path.stem.partition("-")
            self._full.append(_File(_tag_of(tag), path, int(created) / 1e9, size_of(path)))

    def begin(self) -> None:
        """Start on the event loop: upload the files of an earlier run."""
        if self._full:
            self._spawn()

    async def deliver(self, tag: str, events: Sequence[Event]) -> Result:
        data = lines(events)
        if not data:
            return Result.OK
        if self._is_over_limit(len(data)):
            self.report("error", f"s3: store_dir_limit_size is reached: {len(events)} lost")
            return Result.ERROR
        file = self._open.get(tag) or self._create(tag)
        try:
            _write(file.descriptor, data)
        except OSError as error:
            self.report("error", f"s3: {file.path}: {error.strerror}")
            return Result.RETRY
        file.size += len(data)
        if file.size >= self.settings.file_size:
            self._close(file)
            self._spawn()
        else:
            self._arm()
        return Result.OK

    def _is_over_limit(self, more: int) -> bool:
        limit = self.settings.directory_limit
        held = sum(file.size for file in (*self._open.values(), *self._full))
        return bool(limit) and held + more > limit

    def _create(self, tag: str) -> _File:
        now = self.clock()
        name = base64.urlsafe_b64encode(tag.encode()).decode().rstrip("=")
        path = self.settings.directory / f"{int(now * 1e9):020d}-{name}.lines"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        file = self._open[tag] = _File(tag, path, now, descriptor=descriptor)
        return file

    def _close(self, file: _File) -> None:
        del self._open[file.tag]
        os.close(file.descriptor)
        file.descriptor = -1
        self._full.append(file)

    def _arm(self) -> None:
        """Set a timer for the oldest file. Without a file there is no timer, so an idle router
        costs nothing."""
        if self._timer is None and self._open:
            oldest = min(file.created for file in self._open.values())
            wait = max(0.0, oldest + self.settings.timeout - self.clock())
            wait = min(wait, self.settings.timeout)  # the clock may have been set back
            self._timer = asyncio.get_running_loop().call_later(wait, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        now, timeout = self.clock(), self.settings.timeout - 0.01
        for file in [f for f in self._open.values() if has_passed(timeout, f.created, now)]:
            self._close(file)
        self._spawn()
        self._arm()

    def _spawn(self) -> None:
        if self._busy.locked():
            return  # the running upload takes these too
        self._uploads.start(self._upload_all())

    async def finish(self) -> bool:
        """Upload everything now. Files that cannot be uploaded stay in `store_dir`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for file in tuple(self._open.values()):
            self._close(file)
        await self._uploads.stop()
        return await self._upload_all()

    async def abandon(self) -> None:
        """Close the files. The next run finds those that are not uploaded."""
        if self._timer is not None:
            self._timer.cancel()
        for file in self._open.values():
            os.close(file.descriptor)
        self._open.clear()
        await self._uploads.stop()

    async def _upload_all(self) -> bool:
        async with self._busy:
            wait = _RETRY_FROM
            while self._full:
                file = self._full[0]
                if await self._upload(file):
                    self._full.remove(file)
                    wait = _RETRY_FROM
                    continue
                file.failures += 1
                retries = self.settings.retries
                if file.failures > retries:
                    self._full.remove(file)
                    with suppress(FileNotFoundError):  # it has been removed
                        file.path.rename(file.path.with_suffix(".quarantined"))
                    self.report("error", f"s3: {file.path.name} is not tried again")
                    continue
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - spread only
                wait = min(wait * 2, _RETRY_TO)
            return not self._full

    async def _upload(self, file: _File) -> bool:
        key = self._key(file)
        try:
            if file.path.stat().st_size <= _AT_ONCE:
                data = _body(file.path)
            else:
                data = await asyncio.to_thread(_body, file.path)
            headers = {"content-encoding": "gzip"}
            answer = await self.client.request(
                "PUT", f"/{self.settings.bucket}/{key}", headers, data
            )
        except OSError as error:
            where = f"{self.settings.bucket}/{key}"
            self.report("error", f"[output:s3] {where}: {error or type(error).__name__}")
            return False
        if answer.status >= 300:
            text = answer.body[:300].decode("utf-8", "replace")
            self.report(
                "error", f"[output:s3] {self.settings.bucket}/{key}: {answer.status} {text}"
            )
            return False
        file.path.unlink(missing_ok=True)
        self.report("info", f"s3: uploaded {self.settings.bucket}/{key}")
        return True

    def _key(self, file: _File) -> str:
        """A name that is the same at each try, also of the next router: a repeated upload replaces
        the object."""
        seed = hashlib.sha256(file.path.name.encode()).digest()
        picked = "".join(_UUID_LETTERS[byte % len(_UUID_LETTERS)] for byte in seed[:8])
        return make_key(self.settings.key_format, file.created, picked)


def _body(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _tag_of(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
