"""The last messages that arrived, one a line, in a file that another process may read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bonkei.base.appending import LastLines

KEPT = 1_000
"""At most this many messages are shown again. The file holds at most twice as many."""
BYTES = 16 * 1024 * 1024
"""At most these bytes of messages are kept in the file, and twice as many until it is cut."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`at`: Unix seconds. `to`: the e-mail address, or the name of the secret that holds Slack's
    webhook. `body`: the message to Slack, or `{"subject": …, "text": …}`."""

    at: float
    kind: Literal["slack", "email"]
    to: str
    body: Mapping[str, Any]

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, line: str) -> Entry:
        return cls(**json.loads(line))


class Inbox:
    """The miniature calls `add`; any process can read `entries`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lines = LastLines(file, KEPT, BYTES)
        self._is_open = False

    def add(self, entry: Entry) -> None:
        """Raises OSError when the disk does not take it."""
        if not self._is_open:
            self._lines.open()
            self._is_open = True
        self._lines.add([entry.line()])

    def mail(self, address: str, subject: str, text: str) -> None:
        """An e-mail. OSError when the disk does not take it."""
        self.add(Entry(time.time(), "email", address, {"subject": subject, "text": text}))

    def entries(self) -> Iterator[Entry]:
        """Oldest first. An incomplete last line is not read yet."""
        for line in self._lines:
            with suppress(ValueError, TypeError):
                yield Entry.parse(line)
