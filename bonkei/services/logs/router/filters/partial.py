"""Filter `multiline` in its mode `partial_message`.

Source: "Docker partial message use case" (pipeline/filters/multiline-stacktrace), and
plugins/filter_multiline of Fluent Bit 5.0.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.records import Event, Record

_PARTIAL = "partial_"
_FLUSH_MS = 2000


@dataclass(slots=True)
class _Pieces:
    time: int
    record: Record
    texts: list[str]
    written_at: float


@dataclass(slots=True)
class PartialMessages:
    """Joins the pieces of a record that a log driver has cut. The joined text follows the record's
    other keys; the keys of the cut are removed.
    """

    key: str
    flush_after: float  # seconds
    _pieces: dict[tuple[str, str], _Pieces] = field(default_factory=dict)

    @classmethod
    def make(cls, section: Section) -> PartialMessages:
        mode = section.find("mode")
        if mode is None or mode.value != "partial_message":
            at = (mode or section).place
            raise RouterError(
                f"{at}: multiline joins pieces of lines here, and no lines",
                remedy="write mode partial_message, or install fluent-bit, which knows languages",
            )
        key = section.text("multiline.key_content", "log")
        return cls(key, values.number(section, "flush_ms", _FLUSH_MS) / 1000)

    def run(self, tag: str, events: Sequence[Event], now: float) -> Sequence[Event]:
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

    def flush(self, now: float, *, everything: bool) -> Iterator[tuple[str, list[Event]]]:
        for place, pieces in tuple(self._pieces.items()):
            if everything or now >= pieces.written_at + self.flush_after:
                yield place[0], [self._complete(place)]

    def deadline(self) -> float | None:
        if not self._pieces:
            return None
        return min(pieces.written_at for pieces in self._pieces.values()) + self.flush_after
