"""Outputs of this machine: `stdout`, `null`, `file`, `forward`. Sources: pipeline/outputs."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgpack

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.outputs import Result
from bonkei.logs.router.outputs.encoding import encode, make_lines, message
from bonkei.logs.router.records import Event

_CONNECT = 10.0  # seconds


@dataclass(slots=True)
class NullOutput:
    async def deliver(self, _tag: str, _events: Sequence[Event], /) -> Result:
        return Result.OK

    async def finish(self) -> bool:
        return True


@dataclass(slots=True)
class StdoutOutput(NullOutput):
    write: Callable[[str, Sequence[Event]], str] = lambda _tag, _events: ""

    @classmethod
    def make(cls, section: Section) -> StdoutOutput:
        form = section.text("format", "msgpack")
        if form == "msgpack":
            return cls(_as_msgpack)
        if form in ("json_lines", "json_stream", "json"):
            lines = make_lines(section, "double")
            if form == "json":
                return cls(lambda _tag, e: f"[{lines(e).decode().strip().replace(chr(10), ',')}]\n")
            return cls(lambda _tag, events: lines(events).decode())
        raise RouterError(
            f"{section.place}: format {form} is not known",
            remedy="use msgpack, json, json_lines or json_stream",
        )

    async def deliver(self, tag: str, events: Sequence[Event]) -> Result:
        sys.stdout.write(self.write(tag, events))
        sys.stdout.flush()
        return Result.OK


def _as_msgpack(tag: str, events: Sequence[Event]) -> str:
    return "".join(
        f"[{number}] {tag}: [[{moment / 1e9:.9f}, {{}}], {encode(record)}]\n"
        for number, (moment, record) in enumerate(events)
    )


@dataclass(slots=True)
class FileOutput(NullOutput):
    directory: Path
    file: str
    write: Callable[[str, Sequence[Event]], str]
    mkdir: bool

    @classmethod
    def make(cls, section: Section) -> FileOutput:
        return cls(
            Path(section.text("path", ".")),
            section.text("file"),
            _file_format(section),
            values.flag(section, "mkdir", default=False),
        )

    async def deliver(self, tag: str, events: Sequence[Event]) -> Result:
        try:
            if self.mkdir:
                self.directory.mkdir(parents=True, exist_ok=True)
            with (self.directory / (self.file or tag)).open("a", encoding="utf-8") as file:
                file.write(self.write(tag, events))
        except OSError:
            return Result.ERROR
        return Result.OK


def _file_format(section: Section) -> Callable[[str, Sequence[Event]], str]:
    delimiters = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ","}
    match section.text("format", "out_file").lower():
        case "out_file":
            return lambda tag, events: "".join(
                f"{tag}: [{moment / 1e9:.9f}, {encode(record)}]\n" for moment, record in events
            )
        case "plain":
            return lambda _tag, events: "".join(f"{encode(record)}\n" for _, record in events)
        case "csv":
            told = section.text("delimiter", ",")
            return lambda _tag, events: _csv(events, delimiters.get(told.lower(), told))
        case "ltsv":
            told = section.text("delimiter", "\t")
            between, label = (
                delimiters.get(told.lower(), told),
                section.text("label_delimiter", ":"),
            )
            return lambda _tag, events: "".join(
                f'"time"{label}{moment / 1e9:f}{between}'
                + between.join(f'"{k}"{label}{_quoted(v)}' for k, v in record.items())
                + "\n"
                for moment, record in events
            )
        case "template":
            pattern = section.text("template", "{time} {message}")
            return lambda _tag, events: "".join(
                _filled(pattern, moment, record) for moment, record in events
            )
    raise RouterError(
        f"{section.place}: format {section.text('format')} is not known",
        remedy="use out_file, plain, csv, ltsv or template",
    )


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else encode(value)


def _csv(events: Sequence[Event], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    for moment, record in events:
        values_of = [v if isinstance(v, int | float) else message(v) for v in record.values()]
        writer.writerow([moment / 1e9, *values_of])
    return text.getvalue()


def _filled(pattern: str, moment: int, record: dict[str, object]) -> str:
    text = pattern.replace("{time}", f"{moment / 1e9:f}")
    for key, value in record.items():
        text = text.replace("{" + key + "}", message(value))
    return f"{text}\n"


@dataclass(slots=True)
class ForwardOutput(NullOutput):
    """Sends to another router or Fluentd, in forward mode, with an acknowledgement if
    configured."""

    host: str
    port: int
    unix_path: str
    tag: str
    acknowledged: bool
    whole_seconds: bool

    @classmethod
    def make(cls, section: Section) -> ForwardOutput:
        return cls(
            section.text("host", "127.0.0.1"),
            values.number(section, "port", 24224),
            section.text("unix_path"),
            section.text("tag"),
            values.flag(section, "require_ack_response", default=False),
            values.flag(section, "time_as_integer", default=False),
        )

    async def deliver(self, tag: str, events: Sequence[Event]) -> Result:
        entries = [[self._time(moment), record] for moment, record in events]
        options = {"size": len(entries)}
        chunk = f"{id(events):x}"
        if self.acknowledged:
            options["chunk"] = chunk  # type: ignore[assignment]
        data = msgpack.packb([self.tag or tag, entries, options], use_bin_type=False)
        try:
            async with asyncio.timeout(_CONNECT):
                reader, writer = await self._connect()
                writer.write(data)
                await writer.drain()
                answer = msgpack.unpackb(await reader.read(4096)) if self.acknowledged else {}
        except (OSError, ValueError, msgpack.UnpackException):
            return Result.RETRY
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return Result.OK if not self.acknowledged or answer.get("ack") == chunk else Result.RETRY

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.unix_path:
            return await asyncio.open_unix_connection(self.unix_path)
        return await asyncio.open_connection(self.host, self.port)

    def _time(self, moment: int) -> object:
        seconds, rest = divmod(moment, 1_000_000_000)
        if self.whole_seconds:
            return seconds
        return msgpack.ExtType(0, seconds.to_bytes(4, "big") + rest.to_bytes(4, "big"))
