"""Filters with a memory or a second way out: `rewrite_tag`, `multiline`, `throttle`.

Sources: pipeline/filters/rewrite-tag, multiline-stacktrace, throttle.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.filters import Emit
from bonkei.logs.router.parsing.multiline import MultilineParser, Stream
from bonkei.logs.router.records import Event, Record
from bonkei.logs.router.records.accessor import Get, accessor, template
from bonkei.logs.router.records.patterns import compile_pattern

_PARTIAL = "partial_"
_FLUSH_MS = 2000


@dataclass(slots=True)
class RewriteTag:
    """The first rule that matches emits the record under its new tag. KEEP decides whether it
    also continues under its old one.
    """

    rules: Sequence[tuple[Get, re.Pattern[str], Callable[..., str], bool]]

    @classmethod
    def make(cls, section: Section) -> RewriteTag:
        rules = []
        for each in section.properties:
            if each.name == "rule":
                parts = values.words(each.value, 4)
                if len(parts) != 4 or parts[3].lower() not in ("true", "false", "on", "off"):
                    raise RouterError(
                        f"{each.place}: rule is {each.value!r}",
                        remedy="write $KEY REGEX NEW_TAG true or false",
                    )
                keep = parts[3].lower() in ("true", "on")
                pattern = compile_pattern(parts[1], each.place)
                rules.append((accessor(parts[0]), pattern, template(parts[2]), keep))
        if not rules:
            raise RouterError(f"{section.place}: rewrite_tag has no rule", remedy="add one")
        return cls(rules)

    def run(self, tag: str, events: Sequence[Event], emit: Emit, _now: float) -> Sequence[Event]:
        kept: list[Event] = []
        for event in events:
            for get, pattern, new_tag, keep in self.rules:
                value = get(event[1])
                match = pattern.search(value) if isinstance(value, str) else None
                if match is not None:
                    groups = [group or "" for group in (match[0], *match.groups())]
                    emit(new_tag(tag, event[1], groups), [event])
                    if keep:
                        kept.append(event)
                    break
            else:
                kept.append(event)
        return kept

    def flush(self, emit: Emit, now: float, *, everything: bool) -> None:
        """It keeps nothing back."""

    def deadline(self) -> float | None:
        return None


@dataclass(slots=True)
class _Pieces:
    time: int
    record: Record
    texts: list[str]
    written_at: float


@dataclass(slots=True)
class PartialMessages:
    """`mode: partial_message`: joins the pieces of a record that a log driver has cut. The joined
    text follows the record's other keys; the keys of the cut are removed.
    """

    key: str
    flush_after: float  # seconds
    _pieces: dict[tuple[str, str], _Pieces] = field(default_factory=dict)

    def run(self, tag: str, events: Sequence[Event], _emit: Emit, now: float) -> Sequence[Event]:
        if not any("partial_id" in record for _, record in events):
            return events
        passed: list[Event] = []
        for event in events:
            record = event[1]
            if record.get("partial_message") != "true" or "partial_id" not in record:
                passed.append(event)
                continue
            place = (tag, str(record["partial_id"]))
            pieces = self._pieces.get(place)
            if pieces is None:
                rest = {
                    k: v for k, v in record.items() if k != self.key and not k.startswith(_PARTIAL)
                }
                pieces = self._pieces[place] = _Pieces(event[0], rest, [], now)
            pieces.texts.append(str(record.get(self.key, "")))
            pieces.written_at = now
            if record.get("partial_last") == "true":
                passed.append(self._complete(place))
        return passed

    def _complete(self, place: tuple[str, str]) -> Event:
        pieces = self._pieces.pop(place)
        return pieces.time, {**pieces.record, self.key: "".join(pieces.texts)}

    def flush(self, emit: Emit, now: float, *, everything: bool) -> None:
        for place, pieces in tuple(self._pieces.items()):
            if everything or now >= pieces.written_at + self.flush_after:
                emit(place[0], [self._complete(place)])

    def deadline(self) -> float | None:
        if not self._pieces:
            return None
        return min(pieces.written_at for pieces in self._pieces.values()) + self.flush_after


@dataclass(slots=True)
class Multiline:
    """`mode: parser`: joins lines that belong together, as a parser decides, into the first line's
    record. `buffer: off` joins within one batch only, and emits nothing again.
    """

    key: str
    parsers: Sequence[MultilineParser]
    flush_after: float
    buffered: bool
    _streams: dict[tuple[str, str], Stream] = field(default_factory=dict)

    def run(self, tag: str, events: Sequence[Event], emit: Emit, now: float) -> Sequence[Event]:
        done: list[Event] = []
        for event in events:
            if not isinstance(event[1].get(self.key), str):
                done.append(event)
                continue
            done_here = self._stream(tag, event[1]).feed(event, now)
            if self.buffered:
                for one in done_here:
                    emit(tag, [one])
            else:
                done += done_here
        if not self.buffered:
            done += [one for stream in self._streams.values() for one in stream.take()]
        return done

    def _stream(self, tag: str, record: Record) -> Stream:
        """stdout and stderr of a container are two streams."""
        place = (tag, str(record.get("source", record.get("stream", ""))))
        found = self._streams.get(place)
        if found is None:
            found = self._streams[place] = Stream(self.parsers, self.key)
        return found

    def flush(self, emit: Emit, now: float, *, everything: bool) -> None:
        for (tag, _), stream in self._streams.items():
            due = stream.deadline(self.flush_after)
            if due is not None and (everything or now >= due):
                for one in stream.take():
                    emit(tag, [one])

    def deadline(self) -> float | None:
        due = [stream.deadline(self.flush_after) for stream in self._streams.values()]
        return min((each for each in due if each is not None), default=None)


def make_multiline(
    section: Section, parsers: Mapping[str, MultilineParser]
) -> PartialMessages | Multiline:
    flush_after = values.number(section, "flush_ms", _FLUSH_MS) / 1000
    mode = section.text("mode", "parser")
    if mode == "partial_message":
        return PartialMessages(section.text("multiline.key_content", "log"), flush_after)
    if mode != "parser":
        raise RouterError(
            f"{section.place}: mode is {mode}", remedy="use parser or partial_message"
        )
    wanted = section.listed("multiline.parser")
    for name in wanted:
        if name not in parsers:
            raise RouterError(
                f"{section.place}: no multiline parser is named {name}",
                remedy="define it under multiline_parsers",
            )
    if not wanted:
        raise RouterError(f"{section.place}: no multiline.parser is named", remedy="add one")
    chosen = [parsers[name] for name in wanted]
    key = section.text("multiline.key_content") or chosen[0].key_content or "log"
    return Multiline(key, chosen, flush_after, values.flag(section, "buffer", default=True))


@dataclass(slots=True)
class Throttle:
    """At most `rate` records an interval, on the average of a window of intervals."""

    rate: float
    window: int
    interval: float  # seconds
    _counts: deque[int] = field(default_factory=deque)
    _ends_at: float = 0.0

    @classmethod
    def make(cls, section: Section) -> Throttle:
        return cls(
            values.decimal(section, "rate", 1.0),
            values.number(section, "window", 5),
            values.seconds(section, "interval", 1.0),
        )

    def run(self, _tag: str, events: Sequence[Event], _emit: Emit, now: float) -> Sequence[Event]:
        if not self._counts:
            self._counts.append(0)
            self._ends_at = now + self.interval
        # The clock may have been set back: no interval is longer than it was.
        self._ends_at = min(self._ends_at, now + self.interval)
        while now >= self._ends_at:
            self._counts.append(0)
            self._ends_at += self.interval
            if len(self._counts) > self.window:
                self._counts.popleft()
            if self._ends_at < now - self.window * self.interval:
                self._ends_at = now
        kept: list[Event] = []
        for event in events:
            if sum(self._counts) / self.window < self.rate:
                self._counts[-1] += 1
                kept.append(event)
        return kept

    def flush(self, emit: Emit, now: float, *, everything: bool) -> None:
        """It keeps nothing back."""

    def deadline(self) -> float | None:
        return None
