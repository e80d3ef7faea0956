"""A build's output: its log in windows, and the plan in it. Methods block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bonkei.services.console.values import Json
from bonkei.services.console.views.inert import visible
from bonkei.services.console.views.plan import plan_json, read_plan

WINDOW = 96 * 1024
"""The most bytes of a log that a page has at once."""
_PLANS = 4 * 1024 * 1024
"""The bytes at the end of a log that are searched for a plan."""
_KEPT = 8


def window(log: Path, before: int = 0, *, live: bool = False) -> Json:
    """The end of a log, or the part that ends at byte `before`. `from`: where it begins; 0 at the
    top."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            end = min(before, size) if before > 0 else size
            begin = max(0, end - WINDOW)
            file.seek(begin)
            data = file.read(end - begin)
    except OSError as error:
        return {
            "text": "",
            "from": 0,
            "size": 0,
            "live": live,
            "note": error.strerror or str(error),
        }
    if begin:  # a line is shown as a whole or not at all
        cut = data.find(b"\n") + 1
        begin, data = begin + cut, data[cut:]
    text = visible(data.decode("utf-8", "replace"), WINDOW)
    return {"text": text, "from": begin, "size": size, "live": live, "note": ""}


@dataclass(frozen=True, slots=True)
class _Seen:
    size: int
    changed: int
    plan: Json


class Plans:
    """The plan of each log that was looked at last. It is read again only if the log changes."""

    def __init__(self) -> None:
        self._seen: dict[Path, _Seen] = {}

    def of(self, log: Path) -> Json:
        """None without a plan."""
        try:
            found = log.stat()
        except OSError:
            return None
        seen = self._seen.get(log)
        if seen is None or (seen.size, seen.changed) != (found.st_size, found.st_mtime_ns):
            plan = read_plan(_end_of(log))
            shown = plan_json(plan) if plan is not None else None
            seen = _Seen(found.st_size, found.st_mtime_ns, shown)
            while len(self._seen) >= _KEPT:
                self._seen.pop(next(iter(self._seen)))
            self._seen[log] = seen
        return seen.plan


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _PLANS))
            return file.read(_PLANS).decode("utf-8", "replace")
    except OSError:
        return ""
